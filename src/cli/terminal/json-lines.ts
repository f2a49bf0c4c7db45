/** JSON on one line: answers with `--json`, messages with `--log json`. */
import type { Event } from "../../model/events.ts";
import { instant } from "./numbers.ts";

const moving: ReadonlySet<Event["code"]> = new Set([
  "fetch.progress",
  "convert.progress",
  "mart.progress",
  "table.progress",
]);

/** What is logged of an event: `at`, `code` and its own fields; `undefined` for progress, which is for bars alone. */
export function eventRecord(event: Event, atMs: number): object | undefined {
  if (moving.has(event.code)) return undefined;
  const { code, ...fields } = event;
  return { at: instant(atMs), code, ...fields };
}

/** One line. Big integers are texts, for most readers of JSON would round them. */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each));
  return safeJson(json ?? "null");
}

/** What JSON leaves as it is but a terminal may obey; joiners, which emoji are made of, are harmless. */
const unsafe = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON on one line made harmless on a terminal as well: `\uXXXX` means the same to whoever reads it. */
export function safeJson(json: string): string {
  return json.replaceAll(unsafe, (found) =>
    Array.from(
      { length: found.length },
      (_, index) => `\\u${found.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}
