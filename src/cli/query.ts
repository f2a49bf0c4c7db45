import { resolve } from "node:path";
import type { App, QueryAnswer } from "../answers.ts";
import { asFailure, Failure } from "../errors.ts";
import type { Event } from "../model/events.ts";
import type { Call, Command } from "./command.ts";
import { withApp } from "./open.ts";
import { flag, text } from "./option.ts";
import { writeCsv, writeJson, writeTable } from "./query-output.ts";
import { engineText } from "./terminal/bars.ts";
import { counted, duration, size } from "./terminal/numbers.ts";
import { startTicker } from "./terminal/ticker.ts";

const options = {
  input: text("input", "FILE", "read the SQL from a file"),
  full: flag("full", "shorten nothing, however wide the lines get"),
  csv: flag("csv", "the rows as CSV with a header"),
  parquet: text("parquet", "FILE", "the rows as one Parquet file, instead of printing them"),
} as const;

export const query: Command = {
  name: "query",
  purpose: "SQL over tables and marts",
  usage: ["query SQL", "query -", "query --input FILE"],
  arguments: { least: 0, most: 1, names: "one SQL statement, in quotes" },
  options: Object.values(options),
  examples: [
    ['query "select type, count(*) from events group by 1 order by 2 desc"', "a table, nested as its JSON is"],
    [
      "query \"select payload.action, count(*) from events where src >= '2026-03-01-12' group by 1\"",
      "src is the partition, the hour of the file",
    ],
    ['query --json "select * from activity limit 10"', "one JSON object a line"],
    ["query --csv --input report.sql > report.csv", "a file in, a file out"],
    [
      'query --parquet pushes.parquet "select repo.name as repo, count(*) as pushes from events group by 1"',
      "a file for other tools",
    ],
  ],
  notes: [
    '--json writes one object a line (NDJSON). Integers keep all their digits, also beyond 2^53; timestamps are text in UTC; NaN and infinities are texts. In --csv null is empty and an empty text is ""; nested values are JSON.',
    "The rows go to stdout; their number and the time go to stderr.",
  ],
  exitCodes: [
    [0, "done"],
    [1, "the SQL failed on its data"],
    [2, "the SQL is wrong: a name, a type, the syntax"],
    [3, "a column is being widened; run finishes that"],
  ],
  async run(call) {
    const sql = await readSql(call);
    const parquet = call.read(options.parquet);
    const forms = [call.common.json, call.read(options.csv), parquet !== undefined].filter((wanted) => wanted);
    if (forms.length > 1) throw new Failure("usage", "--json, --csv and --parquet: only one form at a time");
    return withApp(call, async (app) => {
      if (parquet !== undefined) return writeParquet(call, app, sql, parquet);
      const began = call.now();
      const seen = { rows: 0, share: 0, engine: "" };
      const ticker = startTicker(
        call,
        (ms) => `${duration(ms)}   ${seen.rows === 0 ? working(seen) : counted(seen.rows, "row")}   Ctrl-C cancels`,
      );
      const answer = await app.query(sql, noting(call, seen)).catch((error: unknown) => {
        ticker.stop();
        throw error;
      });
      try {
        await writeRows(call, counting(answer, seen, call.out.isTerminal ? ticker.stop : undefined));
      } finally {
        ticker.stop();
        await answer.close();
      }
      const ms = call.now() - began;
      if (call.common.log === "json")
        call.err.printJson({ at: new Date(call.now()).toISOString(), code: "query.done", rows: seen.rows, ms });
      else if (!call.common.quiet)
        call.err.print(call.err.paint.quiet(`${counted(seen.rows, "row")} in ${duration(ms)}`));
      return 0;
    });
  },
};

/** What an engine tells of its progress, for the line that moves. */
function noting(call: Call, seen: { share: number; engine: string }) {
  return {
    signal: call.signal,
    report: (event: Event): void => {
      seen.engine = event.code === "engine.ready" ? "" : (engineText(event) ?? seen.engine);
    },
    onProgress: (share: number): void => {
      seen.share = share;
    },
  };
}

const working = ({ share, engine }: { readonly share: number; readonly engine: string }): string =>
  engine !== "" ? engine : share <= 0 ? "working" : `${Math.floor(100 * Math.min(share, 1))} %`;

async function writeParquet(call: Call, app: App, sql: string, file: string): Promise<number> {
  const began = call.now();
  const seen = { share: 0, engine: "" };
  const ticker = startTicker(call, (ms) => `${duration(ms)}   ${working(seen)}   Ctrl-C cancels`);
  const written = await app.queryToFile(sql, resolve(call.cwd, file), noting(call, seen)).finally(ticker.stop);
  const ms = call.now() - began;
  if (call.common.log === "json") {
    const at = new Date(call.now()).toISOString();
    call.err.printJson({ at, code: "query.done", rows: written.rows, bytes: written.bytes, ms });
  } else if (!call.common.quiet) {
    const text = `${counted(written.rows, "row")}, ${size(written.bytes)} in ${file}, ${duration(ms)}`;
    call.err.print(call.err.paint.quiet(text));
  }
  return 0;
}

function writeRows(call: Call, answer: QueryAnswer): Promise<void> {
  if (call.common.json) return writeJson(call, answer);
  return call.read(options.csv) ? writeCsv(call, answer) : writeTable(call, answer, { full: call.read(options.full) });
}

/** The same answer, whose rows are counted as they pass; `onFirst` is called before the first of them. */
function counting(answer: QueryAnswer, seen: { rows: number }, onFirst: (() => void) | undefined): QueryAnswer {
  return {
    ...answer,
    async *rows() {
      for await (const batch of answer.rows()) {
        if (seen.rows === 0) onFirst?.();
        seen.rows += batch.length;
        yield batch;
      }
    },
  };
}

async function readSql(call: Call): Promise<string> {
  const [word] = call.words;
  const file = call.read(options.input);
  if (file !== undefined && word !== undefined)
    throw new Failure("usage", "--input: the SQL is given twice, as a file and as a word");
  const sql = file !== undefined ? await readFileText(file, call.cwd) : word === "-" ? await readStream(call) : word;
  if (sql === undefined || sql.trim() === "") {
    throw new Failure("usage", "millrace query: expected one SQL statement, in quotes", {
      remedy: 'for example millrace query "select type, count(*) from events group by 1"',
    });
  }
  return sql;
}

async function readFileText(file: string, cwd: string): Promise<string> {
  const [{ readFile }, { resolve }] = await Promise.all([import("node:fs/promises"), import("node:path")]);
  try {
    return await readFile(resolve(cwd, file), "utf8");
  } catch (error) {
    const failure = asFailure(error, `--input ${file}`);
    throw new Failure("usage", failure.message, { cause: error });
  }
}

async function readStream(call: Call): Promise<string> {
  if (call.stdin.isTTY === true) call.err.print(call.err.paint.quiet("Type the SQL; end with Ctrl-D."));
  const chunks: Buffer[] = [];
  const { addAbortSignal } = await import("node:stream");
  for await (const chunk of addAbortSignal(call.signal, call.stdin)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
