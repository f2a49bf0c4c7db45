// Brings node_modules to what package-lock.json says, with nothing but the machine's own Node (20 is enough) and npm.
// It runs `npm ci` only when the lock file has changed since the last time, so every other command may call it first.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");

/** Installs the locked dependencies if they are not there already. Throws with npm's own exit code when it fails. */
export function setup() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".millrace-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  process.stderr.write("millrace: installing the locked dependencies (npm ci) …\n");
  // No install script of any dependency runs: none of ours needs one.
  const done = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (done.error) throw done.error;
  if (done.status !== 0) {
    process.stderr.write("millrace: npm ci failed; the message above is npm's own\n");
    process.exit(done.status ?? 1);
  }
  writeFileSync(stamp, lock);
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].replaceAll("\\", "/").split("/").pop() ?? "")) setup();
