/** One stable line an item, for pipes, files and container logs: time, code, key, figures. */
import type { Event } from "../../model/events.ts";
import { count, counted, duration, instant, size } from "./numbers.ts";
import { visible } from "./text.ts";

/** What needs a person: printed even with `--quiet`. */
const alarming: ReadonlySet<Event["code"]> = new Set([
  "pass.failed",
  "fetch.failed",
  "source.gap",
  "source.unreachable",
  "convert.held",
  "convert.failed",
  "mart.held",
  "mart.failed",
  "catalog.failed",
]);

export function isAlarming(event: Event): boolean {
  return alarming.has(event.code);
}

/** Why, without the key that stands beside it. */
export function reasonText({ key, reason }: { readonly key: string; readonly reason: string }): string {
  return reason.startsWith(`${key}: `) ? reason.slice(key.length + 2) : reason;
}

/** The line of an event, or `undefined` for those that only a moving bar or a debugger would want. */
export function eventLine(event: Event, atMs: number): string | undefined {
  const figures = figuresOf(event);
  if (figures === undefined) return undefined;
  return [instant(atMs), event.code, ...figures.filter((each) => each !== "")].map(visible).join(" ");
}

function figuresOf(event: Event): readonly string[] | undefined {
  switch (event.code) {
    case "fetch.start":
    case "fetch.progress":
    case "convert.start":
    case "convert.progress":
    case "mart.start":
    case "mart.progress":
    case "table.progress":
    case "stage.start":
    case "stage.grow":
      return undefined;
    case "pass.start":
      return [event.since, event.until];
    case "pass.done":
      return [
        `${count(event.done)} done`,
        `${count(event.failed)} failed`,
        `${count(event.waiting)} waiting`,
        duration(event.ms),
      ];
    case "pass.failed":
      return [event.kind, event.reason];
    case "pass.sleep":
      return [`until ${event.until}`];
    case "stage.done":
      return stageFigures(event);
    case "item.skipped":
      return [event.stage, event.name, counted(event.items, "item"), event.reason];
    case "fetch.done":
      return [
        event.key,
        size(event.bytes),
        duration(event.ms),
        event.revision > 1 ? `revision ${event.revision}` : "",
        event.tries > 1 ? `${event.tries} tries` : "",
      ];
    case "fetch.unchanged":
      return [event.key];
    case "raw.adopted":
      return [event.key, size(event.bytes)];
    case "source.pending":
      return [
        event.key,
        `${duration(event.ageMs)} old`,
        `settles after ${duration(event.settleMs)}`,
        `next try ${event.nextAt}`,
      ];
    case "source.gap":
      return [event.key, `missing for ${duration(event.ageMs)}`, `next try ${event.nextAt}`];
    case "source.unreachable":
      return [event.name, `${count(event.failures)} failures in a row`, "the rest is left to the next pass"];
    case "convert.done":
      return [
        event.key,
        counted(event.rows, "row"),
        `${count(event.rejected)} rejected`,
        size(event.bytes),
        duration(event.ms),
        ...(event.notBySpark === undefined ? [] : [`not by Spark: ${event.notBySpark}`]),
      ];
    case "schema.published":
      return [
        event.table,
        `version ${event.version}`,
        counted(event.columns, "column"),
        `${count(event.added)} added`,
        `${count(event.widened)} widened`,
      ];
    case "mart.registered":
      return [event.key, event.name, event.version, duration(event.ms)];
    case "table.registered":
      return [event.key, `${count(event.added)} added`, `${count(event.removed)} removed`, duration(event.ms)];
    case "catalog.failed":
      return [event.name, event.kind, event.reason];
    case "catalog.tested":
      return [event.name, counted(event.findings, "finding"), duration(event.ms)];
    case "mart.published":
      return [event.key, event.version, counted(event.rows, "row"), size(event.bytes), duration(event.ms)];
    case "fetch.failed":
    case "convert.failed":
    case "mart.failed":
      return [event.key, event.kind, reasonText(event)];
    case "convert.held":
    case "mart.held":
      return [event.key, reasonText(event)];
    case "engine.install":
      return [event.version, `into ${event.directory}`];
    case "engine.start":
      return [event.version];
    case "engine.ready":
      return [event.version, event.url, duration(event.ms)];
    case "sweep.done":
      return [event.place, `${count(event.removed)} removed`];
    case "store.tested":
      return [event.place, counted(event.tests, "test"), duration(event.ms)];
  }
}

function stageFigures(event: Extract<Event, { code: "stage.done" }>): readonly string[] {
  const rows = event.stage === "collect" ? [] : [counted(event.rows, "row")];
  const rejected = event.rejected === 0 ? [] : [`${count(event.rejected)} rejected`];
  return [
    event.stage,
    counted(event.items, "item"),
    `${count(event.failed)} failed`,
    size(event.bytes),
    ...rows,
    ...rejected,
    duration(event.ms),
  ];
}
