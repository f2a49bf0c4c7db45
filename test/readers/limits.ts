/** Files of the edge corpus that are beyond a reader, and what it says; a reader that learns better fails its test. */
export const pyarrowLimits: ReadonlyMap<string, RegExp> = new Map([
  ["deep lists", /Parquet schema too deeply nested, .* \(current limit is 100\)/],
]);

export const sparkLimits: ReadonlyMap<string, RegExp> = new Map();
