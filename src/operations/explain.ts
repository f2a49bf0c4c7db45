/** The life of one item, told in order: where it comes from, what was tried, what is stored, and why it is due or not. */
import type { Explanation } from "../answers.ts";
import { Failure } from "../errors.ts";
import type { Interval } from "../model/calendar.ts";
import { intervalId, parseIntervalId } from "../model/calendar.ts";
import { formatKey, matchKey } from "../model/key-pattern.ts";
import { partitionKey } from "../model/layout.ts";
import { nearest } from "../model/nearest.ts";
import type { EngineSettings } from "../model/project.ts";
import { receiptFromMetadata } from "../model/receipt.ts";
import { collectItem, convertItem, martItem, registerItem } from "../reconcile/attempts.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Plan, Step, Waiting } from "../reconcile/plan.ts";
import { shownOf } from "../reconcile/register-steps.ts";
import type { MartSeen, Seen, SourceSeen } from "../reconcile/seen.ts";
import { ageMs, inRanges, keptFromMs, wantedWindow } from "../schedule/cadence.ts";
import { registrationStatus } from "./catalog-state.ts";

type Facts = { topic: string; text: string }[];

/** `key` is `source@id`, `table@id`, an id alone, a key of the raw lake, or a mart's name. */
export async function explain(key: string, parts: Parts, seen: Seen, plan: Plan): Promise<Explanation> {
  const mart = seen.marts.get(key);
  if (mart !== undefined) return { key, facts: martFacts(key, parts.project.engine, seen, plan) };
  const found = findInterval(key, seen);
  if (found === undefined) {
    const names = [...seen.sources.keys(), ...seen.tables.keys(), ...seen.marts.keys()];
    const near = nearest(key.split("@")[0] ?? key, names);
    throw new Failure("usage", `${key}: names no item of this project`, {
      remedy: `${near === undefined ? "" : `did you mean "${near}"? `}Examples: ${names[0] ?? "source"}@2026-03-01-05, 2026-03-01-05, or a mart's name`,
    });
  }
  const { source, interval } = found;
  return {
    key: `${source.settings.name}@${intervalId(interval)}`,
    facts: await intervalFacts(source, interval, parts, seen, plan),
  };
}

function findInterval(
  key: string,
  seen: Seen,
): { readonly source: SourceSeen; readonly interval: Interval } | undefined {
  const [name, id] = key.includes("@") ? key.split("@", 2) : [undefined, key];
  const interval = parseIntervalId(id ?? "");
  for (const source of seen.sources.values()) {
    const byKey = matchKey(source.settings.object, key);
    if (byKey !== undefined) return { source, interval: byKey };
    const named =
      name === undefined ||
      name === source.settings.name ||
      seen.tables.get(name)?.settings.from === source.settings.name;
    if (named && interval?.every === source.settings.every) return { source, interval };
  }
  return undefined;
}

async function intervalFacts(
  source: SourceSeen,
  interval: Interval,
  parts: Parts,
  seen: Seen,
  plan: Plan,
): Promise<Facts> {
  const { settings } = source;
  const id = intervalId(interval);
  const facts: Facts = [];
  const say = (topic: string, text: string): void => {
    facts.push({ topic, text });
  };
  const window = wantedWindow(settings, seen.atMs);
  const [location] = settings.locations;
  if (location !== undefined) say("source", `${location.base}/${formatKey(location.pattern, interval)}`);
  const inWindow = interval.startMs >= window.fromMs && interval.startMs < window.toMs;
  const isExpired = interval.startMs < keptFromMs(settings, seen.atMs);
  say(
    "wanted",
    inWindow
      ? `yes: since ${settings.since.text}`
      : isExpired
        ? "no: older than keep, so its raw object may be collected and is not fetched again"
        : `no: outside of ${new Date(window.fromMs).toISOString()} … ${new Date(window.toMs).toISOString()}`,
  );
  if (inRanges(settings.knownMissing, interval.startMs)) say("known", "listed in known_missing");
  if (inRanges(source.acknowledged, interval.startMs)) say("known", "acknowledged as a hole");
  const attempt = seen.attempts.get(collectItem(settings.name, id));
  if (attempt !== undefined) {
    say(
      "tries",
      `${attempt.tries}, last ${new Date(attempt.lastMs).toISOString()}: ${attempt.reason}; next ${new Date(attempt.nextMs).toISOString()}`,
    );
  }
  const raw = source.raw.get(interval.startMs);
  if (raw === undefined) {
    say("raw", `not stored (${Math.round(ageMs(interval, seen.atMs) / 60_000)} minutes after its end)`);
  } else {
    say("raw", `${raw.key}, ${grouped(raw.size)} bytes, revision ${raw.facts?.revision ?? 1}`);
    const receipt = receiptFromMetadata(raw.key, (await parts.raw.head(raw.key))?.metadata);
    if (receipt !== undefined) {
      say(
        "receipt",
        `sha256 ${receipt.sha256}, ${receipt.verified ? `fetched ${receipt.at} from ${receipt.url ?? "?"}` : `adopted ${receipt.at}, never compared with the source`}${receipt.note === undefined ? "" : ` (${receipt.note})`}`,
      );
    }
  }
  for (const table of seen.tables.values()) {
    if (table.settings.from !== settings.name) continue;
    tableFacts(table.settings.name, interval, seen, say);
  }
  for (const next of nextFor(id, plan)) say("next", next);
  return facts;
}

function tableFacts(name: string, interval: Interval, seen: Seen, say: (topic: string, text: string) => void): void {
  const id = intervalId(interval);
  const table = seen.tables.get(name);
  const partition = table?.partitions.get(interval.startMs);
  const attempt = seen.attempts.get(convertItem(name, id));
  if (attempt !== undefined)
    say(
      name,
      `${attempt.kind === "held" ? "held back" : "failed"} (${attempt.tries} tries): ${attempt.reason}${attempt.remedy === undefined ? "" : ` → ${attempt.remedy}`}`,
    );
  if (partition === undefined) {
    say(name, "no partition");
    return;
  }
  const { facts } = partition;
  say(
    name,
    `${partitionKey(name, id)}, ${grouped(partition.size)} bytes, ${grouped(facts.rows)} rows, ${grouped(facts.rejected)} rejected, by ${facts.converter} from revision ${facts.rawRevision}`,
  );
  if (facts.standIns.length > 0) say(name, `stand-ins: ${facts.standIns.map((standIn) => standIn.path).join(", ")}`);
  if (facts.narrow.length > 0) say(name, `narrower than the table: ${facts.narrow.join(", ")}`);
  for (const [mart, { current }] of seen.marts) {
    const input = current?.manifest.inputs.find((candidate) => candidate.table === name);
    if (input !== undefined)
      say("mart", `${mart} reads ${name}: version ${current?.manifest.version} over ${input.partitions} partitions`);
  }
}

function martFacts(name: string, engine: EngineSettings, seen: Seen, plan: Plan): Facts {
  const facts: Facts = [];
  const mart = seen.marts.get(name);
  if (mart === undefined) return facts;
  facts.push({ topic: "statement", text: mart.settings.sql }, { topic: "engine", text: engineText(engine) });
  const { current } = mart;
  if (current === undefined) facts.push({ topic: "version", text: "never published" });
  else {
    facts.push({
      topic: "version",
      text: `${current.manifest.version}, published ${current.manifest.at}, ${grouped(current.manifest.rows)} rows in ${current.manifest.files.length} files by ${current.manifest.engine}`,
    });
    for (const input of current.manifest.inputs)
      facts.push({ topic: "input", text: `${input.table}: ${input.partitions} partitions` });
  }
  if (current?.record.rollback === true) {
    const text = `an older version was restored ${current.record.at}: it stays until the statement changes or --rerun asks`;
    facts.push({ topic: "rollback", text });
  }
  if (seen.registry !== undefined) facts.push({ topic: "registered", text: registeredText(mart, seen) });
  for (const item of [martItem(name), registerItem(name)]) {
    const attempt = seen.attempts.get(item);
    if (attempt === undefined) continue;
    const remedy = attempt.remedy === undefined ? "" : ` → ${attempt.remedy}`;
    facts.push({ topic: attempt.kind, text: `${attempt.reason}${remedy}` });
  }
  for (const text of martNext(name, plan)) facts.push({ topic: "next", text });
  return facts;
}

/** What other tools find under the mart's name. */
function registeredText(mart: MartSeen, seen: Seen): string {
  if (seen.registry?.kind === "away") return `nobody knows: ${seen.registry.failure.message}`;
  const status = registrationStatus(mart, shownOf(seen, mart.settings.name));
  const { name = "", number, version, reason } = status;
  switch (status.state) {
    case "registered":
      return `${name} shows ${version} (record ${number})`;
    case "missing":
      return "no name shows it yet";
    case "unpublished":
      return "nothing is to be shown yet";
    case "foreign":
      return `${name} is not ours: ${reason}`;
    case "behind":
    case "ahead":
    case "wrong":
      return `${name} ${reason}`;
  }
}

function martNext(name: string, plan: Plan): readonly string[] {
  const steps = plan.steps.flatMap((step) => {
    if (step.kind === "mart" && step.mart === name) return [`rebuild: ${step.reason.kind}`];
    return step.kind === "register" && step.mart === name ? [`register: ${step.reason.kind}`] : [];
  });
  const waits = plan.waiting.flatMap((item) => {
    if (item.kind === "mart" && item.mart === name) return [`waits: ${item.reason}`];
    if (item.kind === "catalog" && item.items.includes(name)) return [`waits for the catalog: ${item.reason}`];
    return item.kind === "held" && item.key === name ? [waitingText(item)] : [];
  });
  const all = [...steps, ...waits];
  return all.length === 0 ? ["nothing: up to date"] : all;
}

function engineText(engine: EngineSettings): string {
  if (engine.kind === "duckdb") return "embedded (duckdb)";
  const { server } = engine;
  return server.kind === "url"
    ? `Spark at ${server.url}`
    : `Spark ${server.version ?? ""} of this machine`.replace("  ", " ");
}

function nextFor(id: string, plan: Plan): readonly string[] {
  const steps = plan.steps.flatMap((step) =>
    "interval" in step && intervalId(step.interval) === id ? [stepText(step)] : [],
  );
  const waits = plan.waiting.flatMap((item) =>
    "key" in item && item.key.endsWith(`@${id}`) ? [waitingText(item)] : [],
  );
  const all = [...steps, ...waits];
  return all.length === 0 ? ["nothing: up to date"] : all;
}

function stepText(step: Extract<Step, { interval: Interval }>): string {
  return step.kind === "adopt"
    ? "adopt: stored without a receipt"
    : step.kind === "collect"
      ? `fetch: ${step.reason}`
      : `convert: ${step.reason.kind}`;
}

function waitingText(waiting: Waiting): string {
  switch (waiting.kind) {
    case "pending":
      return `pending: asked again ${new Date(waiting.nextMs).toISOString()}`;
    case "gap":
      return waiting.nextMs === undefined
        ? "gap: before since, not fetched by itself"
        : `gap: asked again ${new Date(waiting.nextMs).toISOString()}`;
    case "failed":
      return `failed: ${waiting.reason}; again ${new Date(waiting.nextMs).toISOString()}`;
    case "held":
      return `held back: ${waiting.reason}`;
    default:
      return waiting.kind;
  }
}

const grouped = (value: number): string => value.toLocaleString("en");
