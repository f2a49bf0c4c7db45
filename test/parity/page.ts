/**
 * Writes docs/portable-sql.md from the tables of the lint; a test compares it.
 *
 *     node test/parity/page.ts
 */
import { writeFileSync } from "node:fs";
import { type Construct, constructs } from "../../src/model/portable-sql-constructs.ts";
import { foreignFunctions } from "../../src/model/portable-sql-foreign.ts";
import { type FunctionSort, portableFunctions } from "../../src/model/portable-sql-functions.ts";

/** Statements that the page shows as portable. */
export const portableExamples: readonly string[] = [
  `select repo.name as repo, substr(src, 1, 10) as day, count(*) as pushes, count(distinct actor.login) as actors
from events
where type = 'PushEvent'
group by all`,
  `select shop, id
from sales
qualify row_number() over (partition by shop order by qty desc nulls last, id nulls last) = 1`,
  `select item, sum(qty) / nullif(count(*), 0) as per_sale, cast(length(item) as bigint) as letters
from sales
group by item`,
];

const titles: Readonly<Record<FunctionSort, string>> = {
  text: "Texts",
  number: "Numbers",
  choice: "Choices and nulls",
  time: "Dates and times",
  list: "Lists",
  aggregate: "Aggregates (also with `over`)",
  window: "Windows",
};

export function portablePage(): string {
  return `${[head(), functionTables(), denied(), foreign(), tail()].join("\n\n")}\n`;
}

function head(): string {
  return `# Portable SQL

A mart whose statement is in this subset has the same columns, types and rows on the embedded engine (DuckDB) and on Apache
Spark. \`millrace plan\` says with line and column what in a statement is not in it, why, and what to write instead. Nothing is
translated: each engine runs the statement as it stands.

${portableExamples.map((sql) => `\`\`\`sql\n${sql}\n\`\`\``).join("\n\n")}

The subset is measured, not argued: \`test/parity/statements\` holds statements, \`test/parity/recorded\` what both engines
answered to each over the same tables, with the settings that millrace gives their sessions (UTC, ANSI, names in double
quotes). A test asks again and fails if one of them answers otherwise, if the lint lets pass what differs, or if it refuses what
is equal without a reason. One difference is left in, since \`=\` cannot see it: Spark drops the sign of a zero that it groups by or
keeps with \`distinct\`, DuckDB shows the one that it met first.

## What is portable

- \`select\` with \`distinct\`, \`where\`, \`group by\` (names, numbers, aliases, \`all\`, \`rollup\`, \`cube\`, \`grouping sets\`), \`having\`,
  \`qualify\`, \`window\`, \`order by\`, \`limit\`, \`offset\`; \`with\`; queries in \`from\`, \`in\`, \`exists\` and as a value; \`lateral (select …)\`;
  \`values\` with names; \`union\`, \`intersect\`, \`except\`, each with \`all\`.
- \`join\`: inner, left, right, full, cross, semi, anti, with \`on\` or \`using\`.
- Names without quotes or in double quotes, in any spelling; fields by \`a.b\` and \`a['b']\`; \`*\` and \`t.*\`.
- Types: \`boolean\`, \`int\`, \`bigint\`, \`double\`, \`decimal(p,s)\`, \`string\`, \`date\`, timestamps of tables, lists and structs.
- \`+ - * / %\`, \`||\`, \`&\`, \`|\`, comparisons, \`and or not\`, \`between\`, \`in\`, \`like\` with a literal, \`is [not] null | true | false | distinct
  from\`, \`case\`, \`cast\`, \`::\`, \`try_cast\` between numbers, \`filter (where …)\`, window frames by \`rows\` and \`range\`.

Some differences remain, and are accepted because they are no difference of rows:

- \`order by x\` without \`nulls first\` or \`nulls last\`: nulls come last on DuckDB and first on Spark. A mart's rows have no order, so
  this is refused only where the order decides about rows: with \`limit\` or \`offset\`, and in windows.
- A text that is no plain number or date makes \`cast\` fail on one engine and not on the other (\`1_000\`, \`1.5\` as an integer,
  \`2026/03/01\`). Where both read it they read the same. Columns of tables should be declared with their type instead.
- Sums are made of 128 bits on DuckDB and of 64 on Spark; a mart that needs more than 64 fails on both, an intermediate sum on
  Spark only. Sums and averages of doubles depend on the order of addition, on each engine by itself.
- Ties: which of two equal rows \`row_number()\` counts first is up to the engine.
- What depends on types is found where the columns are known, as they are to \`plan\`.`;
}

function functionTables(): string {
  const sorts: readonly FunctionSort[] = ["text", "number", "choice", "time", "list", "aggregate", "window"];
  const tables = sorts.map((sort) => {
    const rows = Object.values(portableFunctions)
      .filter((one) => one.sort === sort)
      .map(({ form, note, result }) =>
        row([code(form), [resultNote(result), note].filter((text) => text !== undefined).join("; ")]),
      );
    return `### ${titles[sort]}\n\n| function | |\n|---|---|\n${rows.join("\n")}`;
  });
  return `## Functions\n\nAlso \`current_date\` and \`current_timestamp\`.\n\n${tables.join("\n\n")}`;
}

function resultNote(result: string): string | undefined {
  return result === "integer" ? "cast the result to `bigint` where it becomes a column" : undefined;
}

function denied(): string {
  const rows = Object.values(constructs)
    .filter(({ what }) => !what.startsWith("the end of") && !what.startsWith("the function"))
    .map((construct: Construct) =>
      row([construct.what, construct.reason, construct.instead ?? ""].map((text) => text.replaceAll("{}", "…"))),
    );
  return `## What differs, and what to write instead\n\n| left out | why | instead |\n|---|---|---|\n${rows.join("\n")}`;
}

function foreign(): string {
  const groups = new Map<string, string[]>();
  for (const [name, { reason, instead }] of foreignFunctions) {
    const key = row([reason, instead ?? ""]);
    groups.set(key, [...(groups.get(key) ?? []), code(name)]);
  }
  const rows = [...groups].map(([rest, names]) => `| ${names.join(", ")} ${rest}`);
  return `## Functions that are left out\n\nThese and all that are not named above.\n\n| function | why | instead |\n|---|---|---|\n${rows.join("\n")}`;
}

function tail(): string {
  return `## A statement for each engine

Where the subset does not reach, a mart has two statements: its own, and one in Spark's words. Whoever writes them answers for
their meaning; only what the statement's engine does not run is not looked at.

\`\`\`yaml
marts:
  tags:
    sql: select id, unnest(tags) as tag from events
    spark:
      sql: select id, explode(tags) as tag from events
\`\`\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

export const pageFile = new URL("../../docs/portable-sql.md", import.meta.url);

if (import.meta.main) writeFileSync(pageFile, portablePage());
