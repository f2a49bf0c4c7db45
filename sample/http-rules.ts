/** The parts of RFC 9110 that a static file server needs: validators, conditions and one byte range. */
import type { IncomingHttpHeaders } from "node:http";

export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** Whether the client already has this version: If-None-Match, else If-Modified-Since. */
export function unchangedFor(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const wanted = headers["if-none-match"];
  if (wanted !== undefined) {
    if (wanted.trim() === "*") return true;
    const weak = (tag: string): string => tag.trim().replace(/^W\//, "");
    return etag !== undefined && wanted.split(",").some((tag) => weak(tag) === etag);
  }
  const since = Date.parse(headers["if-modified-since"] ?? "");
  return lastModified !== undefined && !Number.isNaN(since) && Date.parse(lastModified) <= since;
}

/** Half-open. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The part that is asked for: `whole` without a Range, with one this server does not know (several ranges), or when
 * If-Range names another version; `none` if it lies behind the end.
 */
export function requestedRange(
  headers: IncomingHttpHeaders,
  length: number,
  validators: Validators,
): ByteRange | "whole" | "none" {
  const condition = headers["if-range"];
  if (condition !== undefined && condition !== validators.etag && condition !== validators.lastModified) return "whole";
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.range?.trim() ?? "");
  const [first = "", last = ""] = match?.slice(1) ?? [];
  if (match === null || (first === "" && last === "")) return "whole";
  if (first === "") {
    const from = Math.max(0, length - Number(last));
    return from < length ? { from, to: length } : "none";
  }
  if (last !== "" && Number(last) < Number(first)) return "whole";
  if (Number(first) >= length) return "none";
  return { from: Number(first), to: last === "" ? length : Math.min(length, Number(last) + 1) };
}
