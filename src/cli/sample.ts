import { parseSpan, type Span } from "../config/instants.ts";
import { Failure } from "../errors.ts";
import { hourMs } from "../model/calendar.ts";
import { nearest } from "../model/nearest.ts";
import type { Call, Command } from "./command.ts";
import { list, text, value, whole } from "./option.ts";
import { count, counted, duration, size } from "./terminal/numbers.ts";
import { padEnd, visible, wrap } from "./terminal/text.ts";
import { startTicker } from "./terminal/ticker.ts";

/** Where the demo's project expects its archive; `sample serve` without options is that archive. */
export const SAMPLE_PORT = 41_873;

/** A day, an hour, or a range `a..b` of them that includes the whole of `b`. */
const span = (given: string): Span => {
  const found = parseSpan(given);
  if (found !== undefined) return found;
  throw new Failure("usage", `expected a day or an hour, got "${given}"`, {
    remedy: "write 2026-03-01, 2026-03-01T05, or a range 2026-03-01..2026-03-07",
  });
};

const options = {
  from: text("from", "DIR", "serve the files of a directory instead of invented hours; for write: put them there"),
  seed: whole("seed", "N", "another seed, another world", 0, { fallback: "7" }),
  events: whole("events", "N", "events of an hour", 1, { fallback: "2000" }),
  since: value("since", "DAY", "first day or hour there is, or a range: 2026-03-01..2026-03-07", span, {
    fallback: "no limit",
  }),
  until: value("until", "DAY", "up to that day or hour, not included", span, { fallback: "no limit" }),
  fault: list(
    "fault",
    "KIND:HOUR[=AMOUNT]",
    "what goes wrong, for example late:2026-03-01-07=90s or 503:2026-03-01-02=2req",
  ),
  host: text("host", "HOST", "where to listen", { fallback: "127.0.0.1" }),
  port: whole("port", "PORT", "the port; 0 takes a free one", 0, { fallback: String(SAMPLE_PORT) }),
} as const;

const actions = ["serve", "list-faults", "write"] as const;

export const sample: Command = {
  name: "sample",
  purpose: "an archive of invented hours, with faults on request",
  usage: ["sample serve [options]", "sample list-faults", "sample write DIR --since HOUR [--until HOUR] [options]"],
  arguments: { least: 1, most: 2, names: `${actions.join(", ")}` },
  options: Object.values(options),
  examples: [
    ["sample serve", `every hour there could be, on http://127.0.0.1:${SAMPLE_PORT}`],
    [
      "sample serve --fault late:2026-03-01-07=90s --fault bad-crc:2026-03-01-04",
      "with an hour that comes late and one that is damaged",
    ],
    ["sample list-faults", "everything that can go wrong"],
    ["sample write hours --since 2026-03-01 --events 20000", "a day of larger hours as files"],
    ["sample serve --from hours", "and those files as an archive"],
  ],
  notes: ["Seed, hour and events decide every byte of the JSON. Nobody in it exists."],
  exitCodes: [[130, "serve: stopped by Ctrl-C"]],
  async run(call) {
    const [action = "", directory] = call.words;
    switch (action) {
      case "serve":
        return serve(call);
      case "list-faults":
        return listFaults(call);
      case "write":
        return write(call, directory ?? call.read(options.from));
      default: {
        const near = nearest(action, actions);
        throw new Failure(
          "usage",
          `millrace sample: expected ${actions.join(", ")}, got "${action}"`,
          near === undefined ? {} : { remedy: `did you mean millrace sample ${near}?` },
        );
      }
    }
  },
};

function generatorOptions(call: Call): { readonly seed?: number; readonly eventsPerHour?: number } {
  const seed = call.read(options.seed);
  const events = call.read(options.events);
  return { ...(seed === undefined ? {} : { seed }), ...(events === undefined ? {} : { eventsPerHour: events }) };
}

async function serve(call: Call): Promise<number> {
  const [{ startServer }, { resolve }] = await Promise.all([import("../../sample/server.ts"), import("node:path")]);
  const directory = call.read(options.from);
  const since = call.read(options.since);
  const from = since?.startMs;
  const until = call.read(options.until)?.startMs ?? (since?.text.includes("..") === true ? since.endMs : undefined);
  const host = call.read(options.host);
  const { err, common } = call;
  const log = (line: string, fields: Readonly<Record<string, unknown>>): void => {
    if (common.log === "json") err.printJson({ at: new Date(call.now()).toISOString(), ...fields });
    else if (!common.quiet) err.print(line);
  };
  const server = await startServer({
    ...generatorOptions(call),
    ...(directory === undefined ? {} : { directory: resolve(call.cwd, directory) }),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(host === undefined ? {} : { host }),
    port: call.read(options.port) ?? SAMPLE_PORT,
    faults: call.read(options.fault),
    onRequest: ({ method, path, status, bytes, faults }) => {
      const applied = faults.length === 0 ? "" : `  ${faults.join(", ")}`;
      log(`${status || "—"}  ${method} ${visible(path)}  ${size(bytes)}${applied}`, {
        code: "sample.request",
        method,
        path,
        status,
        bytes,
        faults,
      });
    },
  });
  try {
    // The address is what a script waits for: it is data.
    if (common.json) call.out.printJson({ url: server.url });
    else call.out.print(server.url);
    log(err.paint.quiet(`url of a source: ${server.url}/{yyyy}-{MM}-{dd}-{H}.json.gz   Ctrl-C stops`), {
      code: "sample.listening",
      url: server.url,
    });
    await stopped(call.signal);
  } finally {
    await server.close();
  }
  return 0;
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

async function listFaults(call: Call): Promise<number> {
  const { faultCatalogue } = await import("../../sample/faults.ts");
  const { out } = call;
  if (call.common.json) {
    for (const { name, doc, takes } of faultCatalogue) out.printJson({ name, doc, takes: takes ?? null });
    return 0;
  }
  const widest = Math.max(...faultCatalogue.map(({ name }) => name.length));
  const lines = faultCatalogue.flatMap(({ name, doc }) =>
    wrap(doc, Math.max(24, out.width() - widest - 4)).map(
      (line, index) => `  ${index === 0 ? out.paint.accent(padEnd(name, widest)) : " ".repeat(widest)}  ${line}`,
    ),
  );
  out.print(
    ...lines,
    "",
    "  --fault NAME:HOUR[=AMOUNT]   hours: 2026-03-01-05, 2026-03-01-05..2026-03-01-07, or *",
    "  =2req limits any fault to the hour's first two requests",
  );
  return 0;
}

async function write(call: Call, directory: string | undefined): Promise<number> {
  if (directory === undefined)
    throw new Failure("usage", "millrace sample write: expected a directory", {
      remedy: "millrace sample write hours --since 2026-03-01",
    });
  const since = call.read(options.since);
  if (since === undefined) throw new Failure("usage", "millrace sample write: expected --since, the first day or hour");
  const untilMs = call.read(options.until)?.startMs ?? since.endMs;
  if (untilMs <= since.startMs) {
    throw new Failure("usage", "--until: not after --since, so nothing would be written");
  }
  const [{ openGenerator }, { writeHour }, { hourFileName }, { mkdir }, { join, resolve }] = await Promise.all([
    import("../../sample/generator.ts"),
    import("../../sample/write-hour.ts"),
    import("../../sample/hours.ts"),
    import("node:fs/promises"),
    import("node:path"),
  ]);
  const generator = openGenerator(generatorOptions(call));
  const into = resolve(call.cwd, directory);
  await mkdir(into, { recursive: true });
  const began = call.now();
  const totals = { hours: 0, events: 0, bytes: 0 };
  const ticker = startTicker(call, (ms) => `${counted(totals.hours, "hour")} written   ${duration(ms)}`);
  try {
    for (let startMs = since.startMs; startMs < untilMs; startMs += hourMs) {
      call.signal.throwIfAborted();
      const written = await writeHour(generator, startMs, join(into, hourFileName(startMs)));
      totals.hours++;
      totals.events += written.events;
      totals.bytes += written.fileBytes;
    }
  } finally {
    ticker.stop();
  }
  if (call.common.json) call.out.printJson({ directory: into, ...totals });
  else
    call.err.print(
      `${counted(totals.hours, "hour")}, ${count(totals.events)} events, ${size(totals.bytes)} in ${visible(directory)} after ${duration(call.now() - began)}`,
    );
  return 0;
}
