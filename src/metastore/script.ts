/**
 * The launch of a metastore as one POSIX shell script: the entry point of an image, and what `millrace metastore serve` runs. It needs
 * a shell, the usual small programs and a Java, and nothing of millrace. What it takes is declared in `parameters.ts`; the parts of its
 * text are in `script-*.ts`. No secret ever stands in an argument of a program or in what is printed.
 */
import type { MetastoreVersions } from "../model/metastore-versions.ts";
import { fallbackShown, type Parameter, parameters } from "./parameters.ts";
import { configuring } from "./script-configure.ts";
import { storing } from "./script-database.ts";
import { reading } from "./script-read.ts";
import { running } from "./script-run.ts";

/** What the script does; the first is what it does unless it is told. */
export const scriptActions = ["serve", "init", "check", "configure"] as const;
export type ScriptAction = (typeof scriptActions)[number];

/** Before a line that says what is wrong, and before the one that says what to do about it. */
export const errorMark = "metastore: error: ";
export const fixMark = "metastore: fix: ";
export const sayMark = "metastore: ";

/** For one version: another one has another schema and other classes. */
export function metastoreScript(row: MetastoreVersions): string {
  return [head(row), helping(row), reading, taking(), configuring, storing, running, main].join("\n");
}

function head({ metastore, schema, olderSchemas, honoursBindHost }: MetastoreVersions): string {
  return `#!/bin/sh
# A Hive Metastore ${metastore} on PostgreSQL. Made by millrace metastore script; millrace metastore serve runs the same.
#
#   sh entrypoint.sh [serve]         waits for PostgreSQL, creates the schema if there is none, serves until SIGTERM
#   sh entrypoint.sh init            the same, and ends instead of serving
#   sh entrypoint.sh check           says which schema is there, and changes nothing
#   sh entrypoint.sh configure DIR   writes the files that serve would make into DIR, to look at
#   sh entrypoint.sh help            the parameters; all are taken from the environment
#
# Exit codes: 0 done, or stopped by a signal; 2 a parameter, file or program is wrong or missing; 5 PostgreSQL cannot be reached or
# does not let us in, its schema is of another version, or the metastore ended by itself.
umask 077
version=${quoted(metastore)}
schema=${quoted(schema)}
java_least=17
binds=${honoursBindHost ? "yes" : "no"}

older() {
  case $1 in
    ${olderSchemas.join(" | ")}) return 0 ;;
    *) return 1 ;;
  esac
}
`;
}

/** The words of the declaration, as the script prints them. */
function helping({ metastore }: MetastoreVersions): string {
  const lines = parameters.map((parameter) => {
    const file = parameter.hasFile ? ` (or ${parameter.name}_FILE: a file with it)` : "";
    return `  ${parameter.name}\n      ${parameter.help}${file}; ${fallbackText(parameter)}`;
  });
  return `help() {
  cat <<'END'
A Hive Metastore ${metastore} on PostgreSQL.

  entrypoint.sh [serve]         waits for PostgreSQL, creates the schema if there is none, serves until SIGTERM
  entrypoint.sh init            the same, and ends instead of serving
  entrypoint.sh check           says which schema is there, and changes nothing
  entrypoint.sh configure DIR   writes the files that serve would make into DIR, to look at

Parameters, from the environment:
${lines.join("\n")}
END
}
`;
}

function fallbackText(parameter: Parameter): string {
  const shown = fallbackShown(parameter);
  return shown === "required" ? shown : `default: ${shown}`;
}

/** Reads and checks every parameter, so that all mistakes are told at once. */
function taking(): string {
  const lines = parameters.flatMap((parameter) => {
    const { name, fallback, hasFile, kind } = parameter;
    const need = "required" in fallback ? "required" : "optional";
    const text = "required" in fallback ? "" : fallback.text;
    return [
      `  take ${name} ${hasFile ? "file" : "plain"} ${need} ${quoted(text)}`,
      ...(kind.kind === "text" ? [] : [`  ${checkOf(kind, name)}`]),
    ];
  });
  return `take_all() {\n${lines.join("\n")}\n}\n`;
}

function checkOf(kind: Exclude<Parameter["kind"], { kind: "text" }>, name: string): string {
  switch (kind.kind) {
    case "line":
      return `one_line ${name}`;
    case "whole":
      return `whole ${name} ${kind.least} ${kind.most}`;
    case "choice":
      return `choice ${name} ${kind.of.join(" ")}`;
    case "size":
      return `size ${name}`;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const main = `action=$1
[ -n "$action" ] || action=serve
case $action in
  serve | init | check | configure) ;;
  help | -h | --help)
    help
    exit 0
    ;;
  *)
    wrong "$action: expected serve, init, check, configure or help" "say entrypoint.sh help"
    exit 2
    ;;
esac
trap 'stop 143' TERM HUP
trap 'stop 130' INT
take_all
demand_all "$2"
find_java
prepare "$2"
if [ "$action" = configure ]; then
  leave 0
fi
await_schema
if [ "$action" != serve ]; then
  leave 0
fi
serve
`;
