/** Somebody without rights, where the tests run as root: what must not run as root, or need not, is shown to run without. */
import { spawnSync } from "node:child_process";

/** A user and group whose number is the same on every Linux; `undefined` where the tests have no rights to give up. */
export const nobody: number | undefined = process.getuid?.() === 0 ? 65_534 : undefined;

/** Whether a program that is started as that user gets at a file; directories above it may be closed. */
export function mayRead(path: string): boolean {
  if (nobody === undefined) return true;
  return spawnSync("test", ["-r", path], { uid: nobody, gid: nobody, cwd: "/" }).status === 0;
}
