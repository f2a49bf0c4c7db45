/** Columns as objects, one a row. */
import type { Value } from "./contract.ts";
import { SparkError } from "./errors.ts";

export type MakeObjects = (columns: readonly (readonly Value[])[], count: number) => Record<string, Value>[];

/**
 * Makes objects with these properties, in this order. They are copies of one, which gives all of them one shape: building each
 * from nothing takes half as long again, and memory besides. `place` says whose names these are, in the error for two alike.
 */
export function objectMaker(names: readonly string[], place: string): MakeObjects {
  const model: Record<string, Value> = {};
  for (const name of names) {
    if (Object.hasOwn(model, name)) {
      throw new SparkError("usage", `${place}: two columns are called ${JSON.stringify(name)}`, {
        remedy: "name one of them with AS, or read rows instead of objects",
      });
    }
    // An assignment would set the prototype where a column is named __proto__.
    Object.defineProperty(model, name, { value: null, writable: true, enumerable: true, configurable: true });
  }
  return (columns, count) => {
    const objects = new Array<Record<string, Value>>(count);
    for (let row = 0; row < count; row++) {
      const object = { ...model };
      for (let index = 0; index < names.length; index++) {
        object[names[index] ?? ""] = columns[index]?.[row] ?? null;
      }
      objects[row] = object;
    }
    return objects;
  };
}
