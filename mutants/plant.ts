/** Plants bugs in a copy of the project and looks whether its tests find them. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { moduleNames } from "../scripts/webassembly.ts";
import type { Mutant } from "./mutant.ts";

const root = resolve(import.meta.dirname, "..");
/** What the tests of the catalogue need. */
const copied = ["src", "assembly", "scripts", "test", "sample", "schema", "docs", "package.json", "tsconfig.json"];
const shared = ["node_modules", ".cache"];
/** A bug that makes a test hang is found as well. Milliseconds. */
const patienceMs = 5 * 60_000;
/** So is one that takes memory without end, before it takes all of the machine's. Looked at where the system tells it. */
const memoryBytesMax = 6 * 2 ** 30;
const memoryLookMs = 250;
/** How large a page of memory is where `/proc` counts them. */
const pageBytes = 4096;

/** What is compiled before it runs, and what comes of it. */
const compiledFrom = "assembly/";
const compiledInto = moduleNames.map((name) => `src/${name}/webassembly/binary.ts`);

/** The mutant's files as they would be; throws if it does not fit the code any more. */
export function mutated({ name, edits }: Mutant): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const text = files.get(file) ?? readFileSync(join(root, file), "utf8");
    const pieces = text.split(find);
    if (pieces.length !== 2) {
      throw new Error(`mutant ${name} does not fit: ${file} has ${pieces.length - 1} times\n${find}`);
    }
    if (find === replace) throw new Error(`mutant ${name} changes nothing in ${file}`);
    files.set(file, pieces.join(replace));
  }
  return files;
}

export interface Verdict {
  readonly killed: boolean;
  /** The first test that failed, or what ended the tests otherwise. */
  readonly by: string;
  readonly seconds: number;
}

export interface Bed {
  /** The tests with the mutant in place. */
  plant(mutant: Mutant): Promise<Verdict>;
  /** The same tests without any; they have to pass, or a mutant's death means nothing. */
  unplanted(tests: Pick<Mutant, "killedBy" | "environment">): Promise<Verdict>;
  remove(): void;
}

/** A copy of the project in which one mutant at a time can be planted. */
export function makeBed(): Bed {
  const directory = mkdtempSync(join(tmpdir(), "millrace-mutants-"));
  for (const name of copied) cpSync(join(root, name), join(directory, name), { recursive: true });
  for (const name of shared) if (existsSync(join(root, name))) symlinkSync(join(root, name), join(directory, name));
  return {
    async plant(mutant) {
      const files = mutated(mutant);
      try {
        for (const [file, text] of files) writeFileSync(join(directory, file), text);
        await checkSyntax(directory, [...files.keys()]);
        return await runTests(directory, mutant);
      } finally {
        for (const file of [...files.keys(), ...compiledInto]) cpSync(join(root, file), join(directory, file));
      }
    },
    unplanted: (tests) => runTests(directory, tests),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A mutant that cannot even be read or compiled would be killed by any test. */
async function checkSyntax(directory: string, files: readonly string[]): Promise<void> {
  if (files.some((file) => file.startsWith(compiledFrom))) {
    const { status, output } = await runNode(directory, ["scripts/webassembly.ts"], {});
    if (status !== 0) throw new Error(`${files.join(" ")}: no module any more:\n${output}`);
  }
  for (const file of files.filter((file) => !file.startsWith(compiledFrom))) {
    const { status, output } = await runNode(directory, ["--check", file], {});
    if (status !== 0) throw new Error(`${file} is no program any more:\n${output}`);
  }
}

async function runTests(
  directory: string,
  { killedBy, environment = {} }: Pick<Mutant, "killedBy" | "environment">,
): Promise<Verdict> {
  const began = performance.now();
  // One file runs in the process that is looked after.
  const isolation = killedBy.length === 1 ? ["--test-isolation=none"] : [];
  const args = ["--test", "--test-reporter=tap", ...isolation, ...killedBy];
  const { status, output } = await runNode(directory, args, environment);
  const seconds = (performance.now() - began) / 1000;
  const failed = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map((match) => match[1] ?? "");
  const [first] = failed.filter((test) => !killedBy.some((file) => test.endsWith(file)));
  return {
    killed: status !== 0,
    by: first ?? failed[0] ?? (status === null ? "time or memory" : `status ${status}`),
    seconds,
  };
}

function runNode(
  directory: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | null; readonly output: string }> {
  // Within a test, a test runner that finds this variable believes that it is its own child.
  const { NODE_TEST_CONTEXT: _context, REQUIRE_REAL: _real, FAULTS: _faults, ...inherited } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env: { ...inherited, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  // One that hangs would outlive whoever stopped this process.
  const end = (): boolean => child.kill("SIGKILL");
  process.once("exit", end);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const looking = setInterval(() => {
    if (child.pid !== undefined && residentBytes(child.pid) > memoryBytesMax) end();
  }, memoryLookMs);
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (status) => {
      clearInterval(looking);
      process.removeListener("exit", end);
      done({ status, output });
    });
  });
}

/** What a process has in memory, as far as this system tells. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}
