/**
 * Visits every state that a model can reach, breadth first, so that a counterexample is as short as any. A model is a
 * pure function from a state to what can happen next; what it promises is a predicate over single states.
 */
export interface Action<S> {
  readonly name: string;
  readonly next: S;
  /** Happens without a fault of the world. Following only the first calm action of each state must come to a good end. */
  readonly calm: boolean;
}

export interface Model<S> {
  readonly initial: S;
  /** Equal texts for equal states. */
  key(state: S): string;
  actions(state: S): readonly Action<S>[];
  /** The promise that the state breaks, in words. */
  broken(state: S): string | undefined;
  /** For a state in which nothing calm can happen any more: why it is not a good end. */
  unfinished(state: S): string | undefined;
}

export interface Counterexample {
  readonly broken: string;
  /** The actions that lead there. */
  readonly trace: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** The longest way along calm actions from any state to its end. */
  readonly calmSteps: number;
  readonly counterexample: Counterexample | undefined;
}

/** The states found so far, by number, with the way that led there first. */
interface Found<S> {
  /** Only those at an end stay here once they were looked at: millions of states are a lot of memory. */
  readonly states: (S | undefined)[];
  readonly parents: number[];
  readonly names: string[];
  /** The state behind the first calm action; the state itself at an end. */
  readonly calm: number[];
}

/** Throws if there are more than `statesMax` states: a bound that was not reached proves nothing. */
export function explore<S>(model: Model<S>, statesMax: number): Exploration {
  const numbers = new Map([[model.key(model.initial), 0]]);
  const found: Found<S> = { states: [model.initial], parents: [-1], names: ["begin"], calm: [] };
  let transitions = 0;
  const answer = (calmSteps: number, counterexample: Counterexample | undefined): Exploration => ({
    states: found.states.length,
    transitions,
    calmSteps,
    counterexample,
  });
  for (let at = 0; at < found.states.length; at++) {
    const state = found.states[at];
    if (state === undefined) break;
    const broken = model.broken(state);
    if (broken !== undefined) return answer(0, { broken, trace: traceOf(found, at) });
    let calm: number | undefined;
    for (const action of model.actions(state)) {
      transitions++;
      const key = model.key(action.next);
      let number = numbers.get(key);
      if (number === undefined) {
        number = found.states.length;
        if (number >= statesMax) throw new Error(`more than ${statesMax} states`);
        numbers.set(key, number);
        found.states.push(action.next);
        found.parents.push(at);
        found.names.push(action.name);
      }
      if (action.calm) calm ??= number;
    }
    found.calm.push(calm ?? at);
    if (calm !== undefined) found.states[at] = undefined;
  }
  const { steps, counterexample } = followCalm(model, found);
  return answer(steps, counterexample);
}

/** From every state: does it come to a good end when no fault happens any more? */
function followCalm<S>(
  model: Model<S>,
  found: Found<S>,
): { steps: number; counterexample: Counterexample | undefined } {
  /** Steps to the end; 0 stands for unknown, so that each is one too many. */
  const known = new Uint32Array(found.states.length);
  let steps = 0;
  for (let from = 0; from < found.states.length; from++) {
    const path: number[] = [];
    let at = from;
    while (known[at] === 0 && found.calm[at] !== at) {
      path.push(at);
      if (path.length > found.states.length)
        return { steps, counterexample: { broken: "turns in a circle", trace: traceOf(found, from) } };
      at = found.calm[at] ?? at;
    }
    const state = found.states[at];
    if (known[at] === 0 && state !== undefined) {
      const broken = model.unfinished(state);
      if (broken !== undefined) return { steps, counterexample: { broken, trace: traceOf(found, at) } };
      known[at] = 1;
    }
    const rest = known[at] ?? 1;
    path.reverse().forEach((number, back) => {
      known[number] = rest + back + 1;
    });
    steps = Math.max(steps, (known[from] ?? 1) - 1);
  }
  return { steps, counterexample: undefined };
}

function traceOf<S>(found: Found<S>, at: number): readonly string[] {
  const trace: string[] = [];
  for (let number = at; number > 0; number = found.parents[number] ?? 0) trace.push(found.names[number] ?? "");
  return trace.reverse();
}
