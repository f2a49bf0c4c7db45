// Runs one of the project's programs on the Node that the lock file names, after making sure that it is installed.
// The machine's own Node may be too old for the product; npm delivers the right one as an ordinary locked package.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setup } from "./setup.mjs";

setup();
const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const windows = process.platform === "win32";
const platform = `node-${windows ? "win" : process.platform}-${process.arch}`;
const locked = join(root, "node_modules", platform, "bin", windows ? "node.exe" : "node");
const node = existsSync(locked) ? locked : process.execPath;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (node === process.execPath && (major < 22 || (major === 22 && minor < 19))) {
  process.stderr.write(`millrace needs Node 22.19 or newer; this is ${process.version}. Install a newer one.\n`);
  process.exit(2);
}
const child = spawn(node, process.argv.slice(2), { stdio: "inherit" });
// The terminal sends Ctrl-C to the whole group: the child decides how to stop, this parent only waits for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
child.on("exit", (code, signal) => {
  if (signal) process.exit(signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1);
  process.exit(code ?? 1);
});
