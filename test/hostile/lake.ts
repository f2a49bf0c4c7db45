/** A lake whose archive holds hostile hours, converted in a child process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ChildReport } from "./child.ts";

/** A stretch of a body: a gzip member of that text, so many times. Repeating costs nothing, whatever it expands to. */
export interface Stretch {
  readonly text: string | Uint8Array;
  readonly times?: number;
}

/** An hour as gzip members of its stretches, or as raw bytes. */
export type Body = Iterable<Stretch> | Uint8Array;

export interface HostileLake {
  readonly directory: string;
  /** Runs the project to its end. Throws if the process did not end by itself with status 0. */
  run(): Promise<ChildReport>;
  /** The hours of which anything can be seen in that place. */
  visible(place: "raw" | "tables"): string[];
  remove(): void;
}

/** Bodies by hour of 2026-03-01; the options are YAML in flow style, with a comma before each. */
export function makeHostileLake(
  bodies: ReadonlyMap<number, Body>,
  options: { readonly source?: string; readonly table?: string } = {},
): HostileLake {
  const directory = mkdtempSync(join(tmpdir(), "millrace-hostile-"));
  const archive = join(directory, "archive");
  mkdirSync(archive);
  for (const [hour, body] of bodies) writeBody(join(archive, `2026-03-01-${hour}.json.gz`), body);
  const last = Math.max(...bodies.keys());
  const file = join(directory, "millrace.yaml");
  writeFileSync(
    file,
    `name: hostile
sources:
  hours: { url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz", object: "hours/{yyyy}-{MM}-{dd}-{HH}.json.gz", every: hour,
    since: 2026-03-01T00:00:00Z, until: "${new Date(Date.UTC(2026, 2, 1, last + 1)).toISOString()}", retry: 0${options.source ?? ""} }
tables:
  events: { from: hours${options.table ?? ""} }
`,
  );
  return {
    directory,
    run: () => runChild(file),
    visible: (place) => {
      const names = new Set<string>();
      const below = join(directory, "lake", place);
      for (const entry of existsSync(below) ? readdirSync(below, { recursive: true, withFileTypes: true }) : []) {
        const hour = /2026-03-01-(\d\d)/.exec(join(entry.parentPath, entry.name).slice(below.length))?.[1];
        if (entry.isFile() && hour !== undefined) names.add(hour);
      }
      return [...names].sort();
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function writeBody(file: string, body: Body): void {
  if (body instanceof Uint8Array) {
    writeFileSync(file, body);
    return;
  }
  const handle = openSync(file, "w");
  try {
    for (const { text, times = 1 } of body) {
      // What is repeated should be small, everything else quickly made.
      const member = gzipSync(text, { level: times > 1 ? 9 : 1 });
      for (let time = 0; time < times; time++) writeSync(handle, member);
    }
  } finally {
    closeSync(handle);
  }
}

async function runChild(file: string): Promise<ChildReport> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "child.ts"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8");
  let text = "";
  child.stdout.on("data", (part: string) => {
    text += part;
  });
  const [status, signal] = await once(child, "close");
  if (status !== 0) throw new Error(`the process ended with ${status ?? signal}: ${text.slice(0, 1000)}`);
  return JSON.parse(text);
}
