/** Python code as an independent judge: what it prints as JSON in its last line. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** `code` gets `args` in `sys.argv[1:]`. It is run as a file: parts of PySpark want to know which one. */
export async function askPython(python: string, code: string, ...args: readonly string[]): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-judge-"));
  const file = join(directory, "judge.py");
  writeFileSync(file, code);
  try {
    const { stdout } = await run(python, [file, ...args], { maxBuffer: 64 << 20, timeout: 300_000 });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
