import type { App, RunSummary, StageSummary, Status } from "../answers.ts";
import { Failure } from "../errors.ts";
import type { Call, Command } from "./command.ts";
import { DEMO_MARK, demoProject, SAMPLE_URL_VARIABLE } from "./demo-project.ts";
import { writeNew } from "./init.ts";
import { writeTable } from "./query-output.ts";
import { startReporting, unitsOf } from "./reporting.ts";
import { dayLine } from "./terminal/calendar.ts";
import { count, duration, size } from "./terminal/numbers.ts";
import type { Paint } from "./terminal/paint.ts";
import { waitingJson } from "./terminal/plan-report.ts";
import { renderRun } from "./terminal/run-report.ts";
import { renderTable } from "./terminal/table.ts";
import { displayWidth, visible, wrap } from "./terminal/text.ts";

const DIRECTORY = "demo";
const QUERY = "select repo, pushes, actors from pushes order by pushes desc, repo limit 5";

export const demo: Command = {
  name: "demo",
  purpose: "the whole chain on a sample archive, in seconds",
  usage: ["demo [DIRECTORY]"],
  arguments: { least: 0, most: 1, names: "a directory" },
  options: [],
  examples: [
    ["demo", `collect, convert and build 24 invented hours in ./${DIRECTORY}`],
    ["demo", "a second time: nothing is left to do"],
    [`-f ${DIRECTORY} status`, "its project is an ordinary one"],
  ],
  notes: [
    "No account, container or internet is needed: the archive is a server of this command on the loopback address, seed 7. To begin anew, remove the directory.",
  ],
  async run(call) {
    const began = call.now();
    const directory = call.words[0] ?? DIRECTORY;
    const file = await prepare(call, directory);
    const { startArchiveThread } = await import("./archive-thread.ts");
    const server = await startArchiveThread();
    const env = { ...call.env, [SAMPLE_URL_VARIABLE]: server.url };
    if (!call.common.quiet && call.common.log === "text") {
      call.err.print(`millrace demo   sample archive 2026-03-01 (seed 7) on ${server.url.replace("http://", "")}`, "");
    }
    try {
      const [{ readProject }, { openApp }] = await Promise.all([import("../config/read.ts"), import("../app.ts")]);
      const app = await openApp(readProject({ directory: call.cwd, file, environment: env }));
      try {
        return await show(call, app, { directory, began });
      } finally {
        await app.close();
      }
    } finally {
      await server.close();
    }
  },
};

/** The demo's project file, made if there is none. A project of somebody else is not touched. */
async function prepare(call: Call, directory: string): Promise<string> {
  const [{ existsSync, readFileSync }, { join, resolve }] = await Promise.all([import("node:fs"), import("node:path")]);
  const path = resolve(call.cwd, directory);
  const file = join(path, "millrace.yaml");
  if (!existsSync(file)) await writeNew(path, demoProject());
  else if (!readFileSync(file, "utf8").startsWith(DEMO_MARK)) {
    throw new Failure("usage", `${directory}: holds a project that the demo did not make`, {
      remedy: "name another directory: millrace demo DIRECTORY",
    });
  }
  return file;
}

async function show(
  call: Call,
  app: App,
  demo: { readonly directory: string; readonly began: number },
): Promise<number> {
  const { out, err, common, signal } = call;
  const reporting = startReporting(call, unitsOf(app.project));
  const summary = await app.run({ signal, report: reporting.report }).finally(reporting.stop);
  const status = await app.status({ signal });
  if (common.json) out.printJson({ ...summary, waiting: summary.waiting.map(waitingJson) });
  if (summary.exitCode !== 0) {
    if (common.log === "text")
      err.print("", ...renderRun(summary, call.now(), { width: err.width(), paint: err.paint }));
    return summary.exitCode;
  }
  if (common.json || common.quiet) return 0;
  const isDone = isNothingDone(summary);
  // Where there was nothing to do there are no bars to stand apart from.
  out.print(
    ...(isDone ? [] : [""]),
    ...calendarLines(status, call),
    "",
    ...wrap(QUERY, out.width() - 2).map((line) => out.paint.quiet(`  ${line}`)),
  );
  await queryLines(call, app);
  if (!isDone) out.print("", ...totalLines(summary, call));
  const took = duration(call.now() - demo.began);
  const lake = `The lake is in ${visible(demo.directory)}/lake (${size(lakeBytes(status))}).`;
  out.print(
    "",
    `  ${isDone ? `Nothing was left to do (${took}).` : `Done in ${took}.`} ${lake}`,
    ...nextLines(demo.directory, out.paint),
  );
  return 0;
}

/** What to type next: the project is the user's from here on. */
function nextLines(directory: string, paint: Paint): readonly string[] {
  const commands = ["status", 'query "select type, count(*) from events group by 1"', "plan"];
  return commands.map(
    (command, index) =>
      `  ${index === 0 ? "Next" : "    "}  ${paint.accent(`millrace -f ${visible(directory)} ${command}`)}`,
  );
}

const isNothingDone = ({ stages }: RunSummary): boolean =>
  stages.collect.done + stages.convert.done + stages.marts.done === 0;

const lakeBytes = (status: Status): number =>
  [...status.sources, ...status.tables, ...status.marts].reduce((sum, each) => sum + each.bytes, 0);

function calendarLines(status: Status, call: Call): readonly string[] {
  const { paint } = call.out;
  return status.sources.flatMap((source) => {
    const table = status.tables.find((each) => each.from === source.name);
    const counts = [
      `${source.stored} stored`,
      `${table?.partitions ?? 0} converted`,
      `${source.gaps} gaps`,
      `${table?.rejected ?? 0} rejected`,
    ].join("  ");
    return source.days.flatMap((day) => {
      const line = dayLine(day, paint);
      const isRoomy = displayWidth(line) + 3 + counts.length <= call.out.width();
      return isRoomy
        ? [`${line}   ${counts}`]
        : [line, ...wrap(counts, call.out.width() - 2).map((text) => `  ${text}`)];
    });
  });
}

async function queryLines(call: Call, app: App): Promise<void> {
  const answer = await app.query(QUERY, { signal: call.signal });
  try {
    await writeTable(call, answer, { indent: "  " });
  } finally {
    await answer.close();
  }
}

function totalLines({ stages }: RunSummary, call: Call): readonly string[] {
  const columns = [
    { header: "stage", align: "left" },
    { header: "items", align: "right" },
    { header: "rows", align: "right" },
    { header: "bytes", align: "right" },
    { header: "time", align: "right" },
  ] as const;
  const row = (name: string, stage: StageSummary): readonly string[] => [
    name,
    count(stage.done),
    name === "collect" ? "" : count(stage.rows),
    size(stage.bytes),
    duration(stage.ms),
  ];
  const rows = [row("collect", stages.collect), row("convert", stages.convert), row("marts", stages.marts)];
  return renderTable(columns, rows, { width: call.out.width(), paint: call.out.paint, indent: "  " });
}
