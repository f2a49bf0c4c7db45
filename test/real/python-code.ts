/** Python code as an independent judge: what it prints as JSON in its last line. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** `code` gets `args` in `sys.argv[1:]`. */
export async function askPython(python: string, code: string, ...args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(python, ["-c", code, ...args], { maxBuffer: 64 << 20, timeout: 180_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
