/** Launches of the generated script: by every shell of this machine, with parameters and nothing else of the environment. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorMark, fixMark, metastoreScript } from "../../src/metastore/script.ts";
import { classPathOf, type MetastoreVersions, metastoreVersionsOf } from "../../src/model/metastore-versions.ts";
import { metastoreHome, s3aJars } from "../real/installed.ts";
import type { PostgresDatabase } from "../real/postgres-server.ts";
import { hasProgram, missing, type Skipping } from "../real/real.ts";

export type Parameters = Readonly<Record<string, string>>;

/** POSIX shells of this machine; `sh` is one of them everywhere. */
export const shells: readonly (readonly string[])[] = [["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([program = "", ...args]) => hasProgram(program, [...args, "-c", "exit 0"]),
);

export function rowOf(version: string): MetastoreVersions {
  const row = metastoreVersionsOf(version);
  if (row === undefined) throw new Error(`the product knows no metastore ${version}`);
  return row;
}

/** Java, without which the script cannot even write its files. */
export function hasJava(context: Skipping): boolean {
  if (hasProgram("java", ["-version"])) return true;
  missing(context, "java", "install Java 17");
  return false;
}

export interface Home {
  readonly directory: string;
  /** The script, where it lies in an image. */
  readonly script: string;
  remove(): void;
}

/** A home that looks like one, for launches that end before anything of it is run. */
export function emptyHome(version = "4.0.0"): Home {
  return homeWith(version, () => undefined);
}

/** One made of links to what is installed; `undefined` after skipping the test. */
export function realHome(context: Skipping, version: "4.0.0" | "3.1.3" = "4.0.0"): Home | undefined {
  if (!hasJava(context)) return undefined;
  const installed = metastoreHome(context, `metastore-${version}`);
  const s3 = installed === undefined ? undefined : s3aJars(context);
  if (installed === undefined || s3 === undefined) return undefined;
  return homeWith(version, (directory) => {
    const row = rowOf(version);
    const release = join(installed, "release", "lib");
    const jars = classPathOf(
      { directory: release, names: readdirSync(release) },
      { directory: join(installed, "lib"), jars: row.jars },
    );
    for (const jar of jars) symlinkSync(jar, join(directory, "lib", jar.split("/").at(-1) ?? ""));
    for (const jar of readdirSync(s3)) symlinkSync(join(s3, jar), join(directory, "s3", jar));
    const file = `hive-schema-${row.schema}.postgres.sql`;
    rmSync(join(directory, "schema", file));
    symlinkSync(join(installed, "release/scripts/metastore/upgrade/postgres", file), join(directory, "schema", file));
  });
}

function homeWith(version: string, fill: (directory: string) => void): Home {
  const directory = mkdtempSync(join(tmpdir(), "millrace-launch-"));
  const row = rowOf(version);
  for (const name of ["lib", "s3", "schema", "tmp"]) mkdirSync(join(directory, name));
  writeFileSync(join(directory, "schema", `hive-schema-${row.schema}.postgres.sql`), "");
  const script = join(directory, "entrypoint.sh");
  writeFileSync(script, metastoreScript(row));
  fill(directory);
  return { directory, script, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** What a launch must be told. `nothing` answers at port 1 of the loopback. */
export const least: Parameters = {
  METASTORE_DATABASE_HOST: "127.0.0.1",
  METASTORE_DATABASE_PORT: "1",
  METASTORE_DATABASE_USER: "hive",
  METASTORE_DATABASE_PASSWORD: "a secret",
  METASTORE_WAREHOUSE: "/warehouse",
  METASTORE_ALLOW_ROOT: "yes",
};

export const databaseOf = ({ host, port, name, user, password }: PostgresDatabase): Parameters => ({
  METASTORE_DATABASE_HOST: host,
  METASTORE_DATABASE_PORT: String(port),
  METASTORE_DATABASE_NAME: name,
  METASTORE_DATABASE_USER: user,
  METASTORE_DATABASE_PASSWORD: password,
  METASTORE_DATABASE_WAIT: "30",
});

export interface Launched {
  readonly code: number | null;
  readonly errors: readonly string[];
  readonly fixes: readonly string[];
  /** Everything that was printed. */
  readonly text: string;
}

/** Runs it to its end. */
export async function launch(
  home: Home,
  args: readonly string[],
  parameters: Parameters,
  shell: readonly string[] = ["sh"],
): Promise<Launched> {
  const started = start(home, args, parameters, shell);
  const [code] = await once(started.child, "close");
  return { ...judge(started.said()), code: typeof code === "number" ? code : null };
}

export function judge(text: string): Omit<Launched, "code"> {
  const marked = (mark: string): readonly string[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith(mark))
      .map((line) => line.slice(mark.length));
  return { errors: marked(errorMark), fixes: marked(fixMark), text };
}

const living = new Set<ChildProcess>();

/** What a test that failed left running. */
export function endAll(): void {
  for (const child of living) child.kill("SIGKILL");
}

export interface Running {
  readonly child: ChildProcess;
  said(): string;
}

export function start(
  home: Home,
  args: readonly string[],
  parameters: Parameters,
  [program = "sh", ...options]: readonly string[] = ["sh"],
): Running {
  const { PATH = "", JAVA_HOME } = process.env;
  const child = spawn(program, [...options, home.script, ...args], {
    env: {
      PATH,
      ...(JAVA_HOME === undefined ? {} : { JAVA_HOME }),
      TMPDIR: join(home.directory, "tmp"),
      ...parameters,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  living.add(child);
  child.once("exit", () => living.delete(child));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { child, said: () => text };
}

/** Arguments of every process that this user can see. */
export const argumentsOfAll = (): string => spawnSync("ps", ["-ewwo", "args"], { encoding: "utf8" }).stdout;
