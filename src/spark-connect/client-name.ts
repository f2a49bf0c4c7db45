/** How this client calls itself in the server's logs and user interface. */
import { readFileSync } from "node:fs";
import { platform } from "node:os";

/** Longer ones are refused by the server. */
const lengthMax = 200;

export function clientName(caller: string | undefined): string {
  const own = `millrace/${packageVersion()} node/${process.versions.node} os/${platform()}`;
  // A header holds printable ASCII.
  const first = (caller ?? "").replaceAll(/[^\x20-\x7e]/g, "_").trim();
  return first === "" ? own : `${first.slice(0, lengthMax - own.length - 1)} ${own}`;
}

/** From the package's own description, which stands above the sources as well as above what is built from them. */
function packageVersion(): string {
  for (const place of ["../../package.json", "../../../package.json"]) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8"));
      if (typeof manifest !== "object" || manifest === null || !("name" in manifest)) continue;
      if (manifest.name === "millrace" && "version" in manifest) return String(manifest.version);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  return "0";
}
