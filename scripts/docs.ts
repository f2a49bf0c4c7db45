/** Writes what is generated from declarations: `npm run docs`. Tests compare the files. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commandReference } from "../src/cli/reference.ts";
import { generatedFiles } from "../src/config/generated.ts";

const root = join(import.meta.dirname, "..");
for (const [path, text] of [...generatedFiles(), ["docs/reference/commands.md", await commandReference()] as const]) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${path}\n`);
}
