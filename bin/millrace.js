#!/usr/bin/env node
// The front door, in plain JavaScript that any Node since 18 can read: it answers `--version` before anything else is
// loaded, hands over to a newer Node when this one is too old, and otherwise starts src/cli (in a checkout, where Node
// strips the types itself) or dist/src/cli (in a published package).
import { existsSync, readFileSync, writeSync } from "node:fs";

const root = new URL("../", import.meta.url);
const first = process.argv[2];
const isCheckout = existsSync(new URL("src/cli/process.ts", root));

if (process.argv.length === 3 && (first === "--version" || first === "-v")) {
  writeSync(1, `millrace ${packageVersion()}\n`);
} else if (isOldNode()) {
  await handOver();
} else {
  await start();
}

/** Read with a pattern: parsing the whole file, or importing it, would cost more than the answer. */
function packageVersion() {
  const found = /^ {2}"version": "([^"]+)"/m.exec(readFileSync(new URL("package.json", root), "utf8"));
  return found === null ? "unknown" : found[1];
}

/** A package is compiled for Node 22.19; the sources of a checkout are run as they are, which takes Node 24. */
function isOldNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return isCheckout ? major < 24 : major < 22 || (major === 22 && minor < 19);
}

/** Runs the same command on the Node that the lock file brought, or says in one line what to do. */
async function handOver() {
  const windows = process.platform === "win32";
  const folder = `node_modules/node-${windows ? "win" : process.platform}-${process.arch}/bin/`;
  const locked = new URL(`${folder}${windows ? "node.exe" : "node"}`, root);
  if (!existsSync(locked)) {
    writeSync(
      2,
      `error  millrace needs Node ${isCheckout ? "24" : "22.19"} or newer, this is ${process.version}: install a newer one, or run npm ci\n`,
    );
    process.exitCode = 2;
    return;
  }
  const { spawn } = await import("node:child_process");
  const { fileURLToPath } = await import("node:url");
  const options = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(fileURLToPath(locked), options, { stdio: "inherit" });
  // The child decides how to stop and this parent waits for it. Ctrl-C reaches the child by itself as well; two signals
  // in quick succession count as one there.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    writeSync(2, `error  ${error.message}\n`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => {
    if (signal !== null) process.exit({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGKILL: 137 }[signal] ?? 1);
    process.exit(code ?? 1);
  });
}

async function start() {
  const { enableCompileCache } = await import("node:module");
  enableCompileCache();
  const { start: startProcess } = await import(
    new URL(isCheckout ? "src/cli/process.ts" : "dist/src/cli/process.js", root).href
  );
  await startProcess({ version: packageVersion(), env: process.env });
}
