/** The golden cases (`case.ts`) on the embedded engine. */
import { test } from "node:test";
import { allCases, checkCase } from "./case.ts";

for (const each of allCases()) {
  for (const place of ["on the disk", "in memory"] as const) {
    test(`case ${each.name}, ${place}: ${each.definition.about}`, () =>
      checkCase(each, { inMemory: place === "in memory" }));
  }
}
