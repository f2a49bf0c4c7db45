/** Golden files: what is printed, to the cell. `UPDATE_GOLDEN=1` writes them anew; the difference is then reviewed. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Compares lines with `test/cli/<name>`; escape characters are written as `␛` there, so that the file can be read. */
export function assertGolden(name: string, lines: readonly string[]): void {
  const file = new URL(name, import.meta.url).pathname;
  const text = `${lines.join("\n")}\n`.replaceAll(String.fromCharCode(27), "␛");
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  assert.equal(text, readFileSync(file, "utf8"), `${name} differs; UPDATE_GOLDEN=1 writes it anew`);
}
