/** Options from the command line: each flag stands for a path of the declaration, where `*` is every name. */
import { type Input, keysOf, member, nested, overlay } from "./input.ts";

export interface Override {
  /** As the user typed it, for messages: `--since`. */
  readonly flag: string;
  /** `sources.*.since`. */
  readonly path: string;
  readonly value: string;
}

/** The layer of the flags over a project; `undefined` if there are none. */
export function overrideLayer(overrides: readonly Override[], project: Input): Input | undefined {
  let layer: Input | undefined;
  for (const { flag, path, value } of overrides) {
    const input: Input = { kind: "scalar", value, text: value, template: false, origin: { label: flag } };
    for (const concrete of expand(path.split("."), project)) {
      const one = nested(concrete, input);
      layer = layer === undefined ? one : overlay(layer, one);
    }
  }
  return layer;
}

function expand(path: readonly string[], input: Input | undefined): readonly (readonly string[])[] {
  const [head, ...rest] = path;
  if (head === undefined) return [[]];
  const keys = head === "*" ? keysOf(input) : [head];
  return keys.flatMap((key) => expand(rest, member(input, key)).map((tail) => [key, ...tail]));
}
