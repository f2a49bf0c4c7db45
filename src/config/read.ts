/** Finds and reads the project file. The only module that touches the process: its environment, its directory, its files. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import type { Project } from "../model/project.ts";
import { emptyMapping } from "./input.ts";
import { normalizeInput, type Surroundings } from "./normalize.ts";
import type { Files } from "./option.ts";
import type { Override } from "./overrides.ts";
import { collectProblems } from "./problems.ts";
import type { Environment } from "./substitute.ts";
import { parseYaml, yamlBytesMax } from "./yaml.ts";

export const projectFileName = "millrace.yaml";

/** The process's environment: the one place of the program that reads it. */
export function environment(): Environment {
  return process.env;
}

export const localFiles: Files = {
  readText: (path) => readFileSync(path, "utf8"),
  realPath: (path) => realpathSync(path),
};

export interface ReadOptions {
  /** Where the search for the project file starts; the working directory. */
  readonly directory?: string | undefined;
  /** The project file or its directory (`-f`). */
  readonly file?: string | undefined;
  /** `--target`. */
  readonly target?: string | undefined;
  /** Flags that stand for options. */
  readonly overrides?: readonly Override[] | undefined;
  readonly environment?: Environment | undefined;
}

/**
 * The project: found by `file`, by `MILLRACE_PROJECT`, or by walking up from the directory. Throws one `usage` failure
 * with all mistakes (`detail.others`), each with its line.
 */
export function readProject(options: ReadOptions = {}): Project {
  const variables = options.environment ?? environment();
  const directory = resolve(options.directory ?? process.cwd());
  const file = locateProject(directory, options.file, variables);
  const text = readProjectText(file);
  const chosen = options.target ?? nonEmpty(variables.MILLRACE_TARGET);
  const chosenBy = options.target === undefined ? "MILLRACE_TARGET" : "--target";
  return parseProject(text, shortName(file, directory), {
    file,
    directory: dirname(file),
    environment: variables,
    files: localFiles,
    target: chosen === undefined ? undefined : { name: chosen, chosenBy },
    overrides: options.overrides,
  });
}

/** The project in the text of a project file, which messages call `name`. */
export function parseProject(text: string, name: string, around: Surroundings): Project {
  const problems = collectProblems();
  const input = parseYaml(text, { name }, problems);
  // Text that is not YAML has no values to judge.
  if (input === undefined) problems.throwIfAny();
  return normalizeInput(input ?? emptyMapping({ label: "" }), around, problems);
}

/** Whether there is a project to read. One that was named, or whose target was, counts as one whatever is there. */
export function hasProject(options: ReadOptions = {}): boolean {
  const variables = options.environment ?? environment();
  const named = options.file ?? options.target ?? nonEmpty(variables.MILLRACE_PROJECT);
  if (named !== undefined) return true;
  for (let at = resolve(options.directory ?? process.cwd()); ; at = dirname(at)) {
    if ([projectFileName, "millrace.yml"].some((name) => kindOf(join(at, name)) === "file")) return true;
    if (at === dirname(at)) return false;
  }
}

/** The absolute path of the project file. Throws `usage` if there is none. */
function locateProject(directory: string, file: string | undefined, variables: Environment): string {
  const named = file ?? nonEmpty(variables.MILLRACE_PROJECT);
  if (named !== undefined) {
    const path = resolve(directory, named);
    const kind = kindOf(path);
    if (kind === "file") return path;
    const inside = join(path, projectFileName);
    if (kind === "directory" && kindOf(inside) === "file") return inside;
    const by = file === undefined ? "MILLRACE_PROJECT" : "-f";
    throw new Failure(
      "usage",
      `${by}: ${named} ${kind === "directory" ? `holds no ${projectFileName}` : "does not exist"}`,
      {
        remedy: "Check the path, or run millrace init",
      },
    );
  }
  for (let at = directory; ; at = dirname(at)) {
    const path = join(at, projectFileName);
    if (kindOf(path) === "file") return path;
    const misnamed = join(at, "millrace.yml");
    if (kindOf(misnamed) === "file") {
      throw new Failure("usage", `${misnamed}: a project file is called ${projectFileName}`, {
        remedy: `Rename it, or name it with -f ${basename(misnamed)}`,
      });
    }
    if (at === dirname(at)) break;
  }
  throw new Failure("usage", `no ${projectFileName} in ${directory} or a directory above it`, {
    remedy: "Run millrace init to make a project, or name one with -f",
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function kindOf(path: string): "file" | "directory" | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? "directory" : "file";
}

function readProjectText(file: string): string {
  try {
    const size = statSync(file).size;
    if (size > yamlBytesMax) {
      throw new Failure("usage", `${file}: larger than 1 MiB`, { remedy: "Check that -f names a project file" });
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    throw asFailure(error, file);
  }
}

/** What messages call the file: the shorter of its path from the directory and its absolute path. */
function shortName(file: string, directory: string): string {
  const from = relative(directory, file);
  return isAbsolute(from) || from.length > file.length ? file : from;
}
