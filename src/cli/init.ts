import { asFailure, Failure } from "../errors.ts";
import type { Call, Command } from "./command.ts";
import { text } from "./option.ts";
import { visible } from "./terminal/text.ts";

const options = {
  directory: text("directory", "DIR", "where to put it", { fallback: "./NAME" }),
  url: text("url", "URL", "another archive with the same lines and file names"),
  since: text("since", "INSTANT", "how far to look back: 7d, or 2026-03-01", { fallback: "1d" }),
} as const;

export const init: Command = {
  name: "init",
  purpose: "make a project that works at once",
  usage: ["init NAME [options]"],
  arguments: { least: 1, most: 1, names: "a name: small letters, digits, - and _" },
  options: Object.values(options),
  examples: [
    ["init gha", "a project for the GH Archive in ./gha"],
    ["init gha --directory .", "the same in this directory"],
    [
      "init trial --url http://127.0.0.1:41873/{yyyy}-{MM}-{dd}-{H}.json.gz --since 2026-03-01",
      "over millrace sample serve",
    ],
  ],
  notes: [
    "No file that exists is touched. The project begins on this disk; targets.prod at its end, commented out, shows the same lake in buckets of S3.",
  ],
  async run(call) {
    const [{ scaffold }, { projectNamePattern }, { projectFileName, readProject }, { resolve, relative }] =
      await Promise.all([
        import("../config/scaffold.ts"),
        import("../config/declaration.ts"),
        import("../config/read.ts"),
        import("node:path"),
      ]);
    const [name = ""] = call.words;
    if (!projectNamePattern.test(name)) {
      throw new Failure("usage", `millrace init: "${name}" is no name for a project`, {
        remedy: "begin with a small letter; small letters, digits, - and _ may follow",
      });
    }
    const url = call.read(options.url);
    const since = call.read(options.since);
    const files = scaffold({ name, ...(url === undefined ? {} : { url }), ...(since === undefined ? {} : { since }) });
    const directory = resolve(call.cwd, call.read(options.directory) ?? name);
    await writeNew(directory, files);
    try {
      readProject({ directory: call.cwd, file: resolve(directory, projectFileName), environment: call.env });
    } catch (error) {
      // --since or --url was wrong: a project that does not read is not left behind.
      await removeAll(directory, files);
      throw error;
    }
    tell(call, relative(call.cwd, directory) || ".", [...files.keys()]);
    return 0;
  },
};

/** Writes all files or none: every one of them must be new. */
export async function writeNew(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  const [{ mkdir, writeFile }, { existsSync }, { dirname, join }] = await Promise.all([
    import("node:fs/promises"),
    import("node:fs"),
    import("node:path"),
  ]);
  const taken = [...files.keys()].filter((path) => existsSync(join(directory, path)));
  if (taken.length > 0) {
    throw new Failure("usage", `${directory}: has ${taken.join(", ")} already`, {
      remedy: "choose another name, or --directory",
    });
  }
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content, { flag: "wx" });
    }
  } catch (error) {
    throw asFailure(error, directory);
  }
}

async function removeAll(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  const [{ rm }, { join }] = await Promise.all([import("node:fs/promises"), import("node:path")]);
  for (const path of files.keys()) await rm(join(directory, path), { force: true });
}

function tell(call: Call, directory: string, files: readonly string[]): void {
  if (call.common.json) {
    call.out.printJson({ directory, files });
    return;
  }
  if (call.common.quiet) return;
  const { paint } = call.out;
  const enter = directory === "." ? [] : [`cd ${directory}`];
  const next = [...enter, "millrace plan", "millrace run"].join(" && ");
  call.out.print(
    `Made ${files.map(visible).join(", ")} in ${visible(directory)}.`,
    `Next  ${paint.accent(visible(next))}`,
  );
}
