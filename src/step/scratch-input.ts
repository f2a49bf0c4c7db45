/** A file that an engine has just written into scratch space, as an input for the next statement. */
import { stat } from "node:fs/promises";
import type { InputFile } from "../engine/contract.ts";

export async function writtenInput(path: string, size: number): Promise<InputFile> {
  const token = async (): Promise<string> => {
    const found = await stat(path);
    return `${found.ino}-${found.size}`;
  };
  const slashed = path.replaceAll("\\", "/");
  const location = `file://${slashed.startsWith("/") ? "" : "/"}${slashed}`;
  return { path, location, src: undefined, size, token: await token(), check: token };
}
