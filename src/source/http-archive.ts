/** A place of an archive that is reached over HTTP. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { asFailure, Failure } from "../errors.ts";
import type { Interval } from "../model/calendar.ts";
import { formatKey } from "../model/key-pattern.ts";
import type { SourceLocation } from "../model/project.ts";
import type { Rate } from "../pace/rate.ts";
import type { Validator } from "./contract.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import type { Mirror, MirrorAnswer, MirrorRequest } from "./mirror.ts";
import { forgetPart, notePart, type Resumable, readPart } from "./part.ts";
import { shownUrl } from "./redact.ts";

export interface HttpPlace {
  readonly location: SourceLocation;
  readonly client: HttpClient;
  /** Taken for every byte of a body. */
  readonly bytes: Rate;
  /** A body that is longer is refused, however the server sends it. */
  readonly bytesMax: number;
}

export function httpMirror(place: HttpPlace): Mirror {
  const { location, client } = place;
  const urlOf = (interval: Interval): URL => new URL(`${location.base}/${formatKey(location.pattern, interval)}`);
  return {
    locate: (interval) => shownUrl(urlOf(interval)),
    async fetchOnce(request) {
      const url = urlOf(request.interval);
      return client.withTotal(shownUrl(url), request.signal, async (signal) => {
        const part = request.resume ? await readPart(request.file, shownUrl(url)) : undefined;
        const answer = await download(place, url, request, part, signal);
        // What is there to continue does not fit what the server has now.
        return answer === "restart" ? await downloadAnew(place, url, request, signal) : answer;
      });
    },
    resumable: async (interval, file) => (await readPart(file, shownUrl(urlOf(interval))))?.offset ?? 0,
    probe: (interval, signal) => probe(client, urlOf(interval), signal),
    close: () => client.close(),
  };
}

async function downloadAnew(
  place: HttpPlace,
  url: URL,
  request: MirrorRequest,
  signal: AbortSignal,
): Promise<MirrorAnswer> {
  const answer = await download(place, url, request, undefined, signal);
  if (answer === "restart") throw new Failure("bug", `${shownUrl(url)}: restarted without a reason`);
  return answer;
}

async function download(
  place: HttpPlace,
  url: URL,
  request: MirrorRequest,
  part: Resumable | undefined,
  signal: AbortSignal,
): Promise<MirrorAnswer | "restart"> {
  const { unlessValidator } = request;
  const answer = await place.client.ask("GET", url, conditions(part, unlessValidator), signal);
  const { status } = answer;
  if (status === 200) return receive(place, shownUrl(url), answer, request, undefined, signal);
  if (status === 206 && part !== undefined) {
    if (continues(answer, part)) return receive(place, shownUrl(url), answer, request, part, signal);
    await answer.discard();
    return "restart";
  }
  if (status === 416 && part !== undefined) {
    await answer.discard();
    return "restart";
  }
  if (status === 404 || status === 410) {
    await answer.discard();
    return { kind: "absent", url: answer.url };
  }
  if (status === 304 && (unlessValidator?.etag ?? unlessValidator?.lastModified) !== undefined) {
    await answer.discard();
    return { kind: "unchanged", url: answer.url };
  }
  throw await answer.failure();
}

function conditions(part: Resumable | undefined, unless: Validator | undefined): Record<string, string> {
  return {
    ...(unless?.etag === undefined ? {} : { "if-none-match": unless.etag }),
    ...(unless?.lastModified === undefined ? {} : { "if-modified-since": unless.lastModified }),
    ...(part === undefined ? {} : { range: `bytes=${part.offset}-`, "if-range": part.ifRange }),
  };
}

/** Whether a 206 holds exactly the bytes that are missing, of the same version. */
function continues(answer: HttpAnswer, part: Resumable): boolean {
  const range = contentRange(answer);
  if (range === undefined || range.start !== part.offset) return false;
  if (range.total !== undefined && (range.end + 1 !== range.total || (part.total ?? range.total) !== range.total))
    return false;
  const { etag, lastModified } = validatorOf(answer);
  const { validator } = part;
  if (etag !== undefined && validator.etag !== undefined) return etag === validator.etag;
  return lastModified === undefined || validator.lastModified === undefined || lastModified === validator.lastModified;
}

interface ContentRange {
  readonly start: number;
  readonly end: number;
  readonly total: number | undefined;
}

function contentRange(answer: HttpAnswer): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(answer.header("content-range") ?? "");
  if (match === null) return undefined;
  return { start: Number(match[1]), end: Number(match[2]), total: match[3] === "*" ? undefined : Number(match[3]) };
}

function validatorOf(answer: HttpAnswer): Validator {
  const etag = answer.header("etag");
  const lastModified = answer.header("last-modified");
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

/** A file that changed twice within this time may have had one date for two contents (RFC 9110, 8.8.2.2). */
const strongAfterMs = 60_000;

/** The validator that `If-Range` may carry: a strong ETag, or a date that was old enough when it was sent. */
function strongValidator(answer: HttpAnswer): string | undefined {
  const { etag, lastModified } = validatorOf(answer);
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? etag : undefined;
  if (lastModified === undefined) return undefined;
  const age = Date.parse(answer.header("date") ?? "") - Date.parse(lastModified);
  return age >= strongAfterMs ? lastModified : undefined;
}

function contentLength(answer: HttpAnswer): number | undefined {
  const text = answer.header("content-length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Takes the body of a 200 (`part` undefined) or of a 206 that continues `part`. */
async function receive(
  place: HttpPlace,
  requested: string,
  answer: HttpAnswer,
  request: MirrorRequest,
  part: Resumable | undefined,
  signal: AbortSignal,
): Promise<MirrorAnswer> {
  const { file, onProgress } = request;
  const subject = answer.url;
  const offset = part?.offset ?? 0;
  try {
    refuseEncoding(answer);
    const length = contentLength(answer);
    const total = part === undefined ? length : (contentRange(answer)?.total ?? part.total);
    if ((total ?? 0) > place.bytesMax) throw tooLong(subject, place.bytesMax);
    const validator = part?.validator ?? validatorOf(answer);
    if (part === undefined) await begin(file, requested, answer, total);
    const hash = createHash("sha256");
    if (offset > 0) await hashFile(file, offset, hash);
    const handle = await onDisk(file, () => open(file, part === undefined ? "w" : "r+"));
    let at = offset;
    try {
      for await (const chunk of answer.body) {
        await place.bytes.take(chunk.length, signal);
        await onDisk(file, () => writeAll(handle, chunk, at));
        hash.update(chunk);
        at += chunk.length;
        if (at > place.bytesMax) throw tooLong(subject, place.bytesMax);
        onProgress?.(at, total);
      }
      if (part !== undefined) await onDisk(file, () => handle.truncate(at));
    } finally {
      await handle.close();
    }
    if (total !== undefined && at !== total) {
      throw new Failure("corrupt", `${subject}: ${at} bytes came where ${total} were announced`);
    }
    await forgetPart(file);
    const contentType = answer.header("content-type");
    return {
      kind: "fetched",
      url: answer.url,
      bytes: at,
      sha256: hash.digest("hex"),
      validator,
      ...(contentType === undefined ? {} : { contentType }),
      resumedFrom: offset,
    };
  } catch (error) {
    answer.drop();
    throw error;
  }
}

/** Forgets the old note, empties the file, then notes what is coming, in this order: a note never fits other bytes. */
async function begin(file: string, requested: string, answer: HttpAnswer, total: number | undefined): Promise<void> {
  await forgetPart(file);
  await onDisk(file, async () => (await open(file, "w")).close());
  const ifRange = strongValidator(answer);
  if (ifRange !== undefined) await notePart(file, { url: requested, validator: validatorOf(answer), ifRange, total });
}

function refuseEncoding(answer: HttpAnswer): void {
  const encoding = answer.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity" || encoding === "") return;
  throw new Failure(
    "corrupt",
    `${answer.url}: sent with Content-Encoding ${encoding.slice(0, 40)} though identity was asked for`,
    {
      remedy: "the stored bytes would not be the archive's own; ask its operator, or use a mirror",
    },
  );
}

function tooLong(subject: string, bytesMax: number): Failure {
  return new Failure("corrupt", `${subject}: longer than ${bytesMax} bytes`, {
    remedy: "raise `expanded_bytes_max` if such a file is to be expected",
  });
}

/** Keeps the disk's errors apart from the network's, which have the same codes. */
async function onDisk<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error, file);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await handle.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
  }
}

async function hashFile(file: string, length: number, hash: Hash): Promise<void> {
  let seen = 0;
  for await (const chunk of createReadStream(file, { end: length - 1, highWaterMark: 1 << 20 })) {
    const bytes: Uint8Array = chunk;
    hash.update(bytes);
    seen += bytes.length;
  }
  if (seen !== length) throw new Failure("corrupt", `${file}: ${seen} of ${length} bytes are there`);
}

async function probe(client: HttpClient, url: URL, signal: AbortSignal | undefined): Promise<string> {
  const shown = shownUrl(url);
  return client.withTotal(shown, signal, async (both) => {
    const startMs = performance.now();
    let answer = await client.ask("HEAD", url, {}, both);
    if (answer.status === 405 || answer.status === 501) {
      await answer.discard();
      answer = await client.ask("GET", url, { range: "bytes=0-0" }, both);
    }
    const { status } = answer;
    if (status !== 404 && status !== 410 && status >= 300) throw await answer.failure();
    await answer.discard();
    return `${answer.url} answers ${status} in ${Math.round(performance.now() - startMs)} ms`;
  });
}
