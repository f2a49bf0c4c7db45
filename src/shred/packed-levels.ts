/**
 * The levels of a written row group, kept until the file ends because a column may still appear. In the form in which
 * they are worked on they take eight bytes a run, packed about two: a file of many row groups holds many of them.
 */
import type { NodeLevels, Runs } from "./levels.ts";
import type { Node } from "./node.ts";

interface PackedNode {
  readonly node: Node;
  readonly level: number;
  readonly repetitionMax: number;
  /** Which of the packed runs; nodes that share runs share them again when they are unpacked. */
  readonly definition: number;
  readonly repetition: number | undefined;
}

interface PackedRuns {
  /** For each run its level and how often it repeats, both as unsigned LEB128. */
  readonly bytes: Uint8Array;
  readonly used: number;
  readonly entries: number;
}

export class PackedLevels {
  readonly #nodes: PackedNode[] = [];
  readonly #runs: PackedRuns[] = [];

  constructor(levels: ReadonlyMap<Node, NodeLevels>) {
    const numbers = new Map<Runs, number>();
    const numberOf = (runs: Runs): number => {
      const known = numbers.get(runs);
      if (known !== undefined) return known;
      numbers.set(runs, this.#runs.length);
      return this.#runs.push(pack(runs)) - 1;
    };
    for (const [node, { definition, level, repetition, repetitionMax }] of levels) {
      this.#nodes.push({
        ...{ node, level, repetitionMax, definition: numberOf(definition) },
        repetition: repetition === undefined ? undefined : numberOf(repetition),
      });
    }
  }

  unpack(): Map<Node, NodeLevels> {
    const runs = this.#runs.map(unpack);
    const at = (number: number): Runs => {
      const found = runs[number];
      if (found === undefined) throw new RangeError(`no runs ${number}`);
      return found;
    };
    return new Map(
      this.#nodes.map(({ node, level, repetitionMax, definition, repetition }) => [
        node,
        {
          ...{ level, repetitionMax, definition: at(definition) },
          repetition: repetition === undefined ? undefined : at(repetition),
        },
      ]),
    );
  }
}

function pack({ pairs, used, entries }: Runs): PackedRuns {
  let length = 0;
  for (let i = 0; i < used; i++) length += lengthOf(pairs[i] ?? 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < used; i++) {
    let rest = pairs[i] ?? 0;
    for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
  }
  return { bytes, used, entries };
}

function lengthOf(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest >>>= 7) length++;
  return length;
}

function unpack({ bytes, used, entries }: PackedRuns): Runs {
  const pairs = new Int32Array(used);
  let at = 0;
  for (let i = 0; i < used; i++) {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    pairs[i] = value;
  }
  return { pairs, used, entries };
}
