import type { Action } from "./explore.ts";
import { arrive, type Request, type State } from "./lake-state.ts";

/** What can become of a request: it takes effect and says so, or its answer is lost before, after or long before its effect. */
export function outcomes(
  state: State,
  name: string,
  request: Request,
  after: { readonly answered: (state: State) => State; readonly failed: readonly ((state: State) => State)[] },
): readonly Action<State>[] {
  const done = arrive(state, request);
  const actions: Action<State>[] = [{ name, calm: true, next: after.answered(done) }];
  if (state.faultsLeft === 0) return actions;
  const faulty = (base: State): State => ({ ...base, faultsLeft: state.faultsLeft - 1 });
  const late: State = { ...state, underWay: [...state.underWay, request] };
  for (const failed of after.failed) {
    actions.push(
      { name: `${name} – an error, nothing happened`, calm: false, next: failed(faulty(state)) },
      { name: `${name} – it happened, the answer is lost`, calm: false, next: failed(faulty(done)) },
      { name: `${name} – the answer is lost, it may happen later`, calm: false, next: failed(faulty(late)) },
    );
  }
  return actions;
}
