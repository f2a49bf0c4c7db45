/**
 * Launches of the generated script as an image has them: by a user who owns nothing of what it runs, with parameters and nothing else of
 * the environment. Where the tests run as root that user is nobody. By every shell of this machine.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorMark, fixMark, metastoreScript } from "../../src/metastore/script.ts";
import { classPathOf, type MetastoreVersions, metastoreVersionsOf } from "../../src/model/metastore-versions.ts";
import { metastoreHome, s3aJars } from "../real/installed.ts";
import { mayRead, nobody } from "../real/nobody.ts";
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
  /** With the script, `lib/`, `s3/` and `schema/`. Whoever launches it can write nothing here. */
  readonly directory: string;
  /** The script, where it lies in an image. */
  readonly script: string;
  /** A directory that belongs to whoever launches it, and to nobody else. */
  readonly work: string;
  /** `TMPDIR`, in `work`. */
  readonly temporary: string;
  /** Writes a file that whoever launches it may read, as a mounted secret; its path. */
  give(name: string, text: string): string;
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
    for (const jar of jars) bring(jar, join(directory, "lib", jar.split("/").at(-1) ?? ""));
    for (const jar of readdirSync(s3)) bring(join(s3, jar), join(directory, "s3", jar));
    const file = `hive-schema-${row.schema}.postgres.sql`;
    rmSync(join(directory, "schema", file));
    bring(join(installed, "release/scripts/metastore/upgrade/postgres", file), join(directory, "schema", file));
  });
}

/** A link where that is enough: what is installed may lie in root's own directories, which are closed to others. */
function bring(from: string, to: string): void {
  if (mayRead(from)) symlinkSync(from, to);
  else copyFileSync(from, to);
}

function homeWith(version: string, fill: (directory: string) => void): Home {
  const { directory, home } = emptyGround();
  const row = rowOf(version);
  for (const name of ["lib", "s3", "schema"]) mkdirSync(join(directory, name));
  writeFileSync(join(directory, "schema", `hive-schema-${row.schema}.postgres.sql`), "");
  writeFileSync(home.script, metastoreScript(row));
  fill(directory);
  for (const name of ["lib", "s3", "schema", "."]) chmodSync(join(directory, name), 0o555);
  return home;
}

/** What `millrace metastore install` made, as an image has it: its files belong to somebody else. */
export function installedHome(install: (directory: string) => void): Home {
  const { directory, home } = emptyGround();
  install(directory);
  if (nobody === undefined) chmodSync(directory, 0o555);
  return home;
}

function emptyGround(): { readonly directory: string; readonly home: Home } {
  const ground = mkdtempSync(join(tmpdir(), "millrace-launch-"));
  chmodSync(ground, 0o755);
  const [directory, work] = [join(ground, "home"), join(ground, "own")];
  const temporary = join(work, "tmp");
  for (const made of [directory, work, temporary]) mkdirSync(made, { mode: made === directory ? 0o755 : 0o700 });
  const own = (path: string): void => {
    if (nobody !== undefined) chownSync(path, nobody, nobody);
  };
  for (const made of [work, temporary]) own(made);
  const home: Home = {
    ...{ directory, script: join(directory, "entrypoint.sh"), work, temporary },
    give(name, text) {
      const path = join(work, name);
      writeFileSync(path, text, { mode: 0o600 });
      own(path);
      return path;
    },
    remove() {
      for (const each of [directory, ...["lib", "s3", "schema"].map((name) => join(directory, name))])
        chmodSync(each, 0o755);
      rmSync(ground, { recursive: true, force: true });
    },
  };
  return { directory, home };
}

/** What a launch must be told. `nothing` answers at port 1 of the loopback. */
export const least: Parameters = {
  METASTORE_DATABASE_HOST: "127.0.0.1",
  METASTORE_DATABASE_PORT: "1",
  METASTORE_DATABASE_USER: "hive",
  METASTORE_DATABASE_PASSWORD: "a secret",
  METASTORE_WAREHOUSE: "/warehouse",
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

export interface Manner {
  /** Default `sh`. */
  readonly shell?: readonly string[];
  /** As whoever runs the tests. Default: as root never. */
  readonly asTester?: boolean;
  /** Where it is started. Default `/`. */
  readonly directory?: string;
  /** How it is named. Default its whole path. */
  readonly script?: string;
}

/** Runs it to its end. */
export async function launch(
  home: Home,
  args: readonly string[],
  parameters: Parameters,
  manner: Manner = {},
): Promise<Launched> {
  const started = start(home, args, parameters, manner);
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
  { shell = ["sh"], asTester = false, directory = "/", script = home.script }: Manner = {},
): Running {
  const { PATH = "", JAVA_HOME } = process.env;
  const [program = "sh", ...options] = shell;
  const child = spawn(program, [...options, script, ...args], {
    cwd: directory,
    env: {
      PATH,
      ...(JAVA_HOME === undefined ? {} : { JAVA_HOME }),
      HOME: home.directory,
      TMPDIR: home.temporary,
      ...parameters,
    },
    stdio: ["ignore", "pipe", "pipe"],
    ...(nobody === undefined || asTester ? {} : { uid: nobody, gid: nobody }),
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
