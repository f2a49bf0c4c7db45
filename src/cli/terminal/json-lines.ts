/** `--log json`: one object a line with `at`, `code` and the event's own fields. */
import type { Event } from "../../model/events.ts";
import { instant } from "./numbers.ts";

const moving: ReadonlySet<Event["code"]> = new Set(["fetch.progress", "convert.progress", "mart.progress"]);

/** The line of an event without its end of line; `undefined` for progress, which is for moving bars alone. */
export function eventJson(event: Event, atMs: number): string | undefined {
  if (moving.has(event.code)) return undefined;
  const { code, ...fields } = event;
  return jsonText({ at: instant(atMs), code, ...fields });
}

/** Controls that JSON leaves as they are but a terminal may obey: DEL, C1, and the marks that change reading direction. */
const unsafeInJson = /[\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** JSON on one line, harmless on a terminal as well: what could steer it is written as `\uXXXX`, which means the same. */
export function jsonText(value: unknown): string {
  return safeJson(
    JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each)) ?? "null",
  );
}

/** The same for text that is JSON already. */
export function safeJson(json: string): string {
  return json.replaceAll(unsafeInJson, (found) => `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}
