/** Answers that a broken or hostile server may give, as data that a property test draws, shrinks and repeats. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  type ExecutePlanResponse,
  ExecutePlanResponseSchema,
} from "../../../src/spark-connect/gen/spark_connect_pb.ts";
import type { FakeCall } from "./fake-server.ts";
import { frameOf } from "./grpc-frames.ts";

/** One change of bytes; places are ten-thousandths of the length, so that they mean something for every message. */
export interface Edit {
  readonly what: "flip" | "cut" | "insert" | "repeat" | "zero";
  readonly place: number;
  readonly length: number;
  readonly byte: number;
}

export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    what: fc.constantFrom("flip", "flip", "flip", "zero", "cut", "insert", "repeat"),
    place: fc.nat(9_999),
    length: fc.integer({ min: 1, max: 40 }),
    byte: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 4 },
);

export function edited(bytes: Uint8Array, all: readonly Edit[]): Uint8Array {
  let now = Buffer.from(bytes);
  for (const { what, place, length, byte } of all) {
    const at = Math.floor((place * now.length) / 10_000);
    const [head, tail] = [now.subarray(0, at), now.subarray(at)];
    if (what === "cut") now = Buffer.concat([head, tail.subarray(length)]);
    else if (what === "insert") now = Buffer.concat([head, Buffer.alloc(length, byte), tail]);
    else if (what === "repeat") now = Buffer.concat([head, tail.subarray(0, length), tail]);
    else if (what === "zero")
      now = Buffer.concat([head, Buffer.alloc(Math.min(length, tail.length)), tail.subarray(length)]);
    else if (at < now.length) now[at] = (now[at] ?? 0) ^ byte;
  }
  return now;
}

/** What is false about the message at that place of an answer, while all that a checksum would cover is right. */
export type Lie =
  | { readonly kind: "sessionId" | "serverSideSessionId" | "operationId"; readonly at: number; readonly text: string }
  | { readonly kind: "responseId"; readonly at: number; readonly as: "empty" | "previous" | "first" | "new" }
  | { readonly kind: "rowCount" | "startOffset"; readonly at: number; readonly by: bigint }
  | { readonly kind: "chunks"; readonly at: number; readonly index: bigint; readonly count: bigint }
  | { readonly kind: "noData" | "otherArrow" | "otherSchema"; readonly at: number }
  | { readonly kind: "twice" | "missing" | "swapped"; readonly at: number }
  | { readonly kind: "complete"; readonly at: number }
  | { readonly kind: "neverComplete" };

const at = fc.nat(12);
const texts = fc.constantFrom("", "another", "\u0000", "x".repeat(5_000), "00000000-0000-0000-0000-000000000000");
const numbers = fc.constantFrom(1n, -1n, 3n, 1_000_000n, -(2n ** 62n), 2n ** 62n, 2n ** 31n);

export const lies: fc.Arbitrary<Lie> = fc.oneof(
  fc.record({ kind: fc.constantFrom("sessionId", "serverSideSessionId", "operationId"), at, text: texts }),
  fc.record({ kind: fc.constant("responseId"), at, as: fc.constantFrom("empty", "previous", "first", "new") }),
  fc.record({ kind: fc.constantFrom("rowCount", "startOffset"), at, by: numbers }),
  fc.record({ kind: fc.constant("chunks"), at, index: fc.bigInt(-1n, 4n), count: fc.bigInt(-1n, 4n) }),
  fc.record({ kind: fc.constantFrom("noData", "otherArrow", "otherSchema"), at }),
  fc.record({ kind: fc.constantFrom("twice", "missing", "swapped"), at }),
  fc.record({ kind: fc.constant("complete"), at }),
  fc.record({ kind: fc.constant("neverComplete") }),
);

export interface Material {
  /** A batch of other columns. */
  readonly otherArrow: Uint8Array;
}

/** The answer with the lie in it. Places beyond its end wrap around. */
export function told(answer: readonly Uint8Array[], lie: Lie, { otherArrow }: Material): Uint8Array[] {
  const all = answer.map((bytes) => fromBinary(ExecutePlanResponseSchema, bytes));
  const now = change(all, lie, otherArrow);
  return now.map((message) => toBinary(ExecutePlanResponseSchema, message));
}

function change(all: ExecutePlanResponse[], lie: Lie, otherArrow: Uint8Array): ExecutePlanResponse[] {
  if (lie.kind === "neverComplete") return all.filter(({ responseType }) => responseType.case !== "resultComplete");
  const batches = all.filter(({ responseType }) => responseType.case === "arrowBatch");
  const place = lie.at % all.length;
  const message = all[place];
  const batch = batches[lie.at % batches.length];
  if (message === undefined || batch?.responseType.case !== "arrowBatch") return all;
  const arrow = batch.responseType.value;
  const last = batches.length - 1;
  switch (lie.kind) {
    case "sessionId":
    case "serverSideSessionId":
    case "operationId":
      message[lie.kind] = lie.text;
      return all;
    case "responseId":
      message.responseId = responseIdOf(all, place, lie.as);
      return all;
    case "rowCount":
      arrow.rowCount = BigInt.asIntN(64, arrow.rowCount + lie.by);
      return all;
    case "startOffset":
      arrow.startOffset = BigInt.asIntN(64, (arrow.startOffset ?? 0n) + lie.by);
      return all;
    case "chunks":
      arrow.chunkIndex = lie.index;
      arrow.numChunksInBatch = lie.count;
      return all;
    case "noData":
      arrow.data = new Uint8Array();
      return all;
    case "otherArrow":
      arrow.data = otherArrow;
      return all;
    case "otherSchema":
      for (const one of all) if (one.schema?.kind.case === "struct") one.schema.kind.value.fields.pop();
      return all;
    case "twice":
      return all.flatMap((one) => (one === batch ? [one, one] : [one]));
    case "missing":
      // That the last one is missing is what nobody can know.
      return lie.at % batches.length === last ? all : all.filter((one) => one !== batch);
    case "swapped": {
      const other = batches[(lie.at + 1) % batches.length];
      return all.map((one) => (one === batch ? (other ?? one) : one === other ? batch : one));
    }
    case "complete":
      return completeAt(all, place);
  }
}

function responseIdOf(all: readonly ExecutePlanResponse[], place: number, as: "empty" | "previous" | "first" | "new") {
  if (as === "empty") return "";
  if (as === "new") return "never-given";
  return all[as === "first" ? 0 : Math.max(0, place - 1)]?.responseId ?? "";
}

/** The end, and then the rest with the end once more; an end before a batch is where nobody can know that more was due. */
function completeAt(all: readonly ExecutePlanResponse[], place: number): ExecutePlanResponse[] {
  const end = all.find(({ responseType }) => responseType.case === "resultComplete");
  const isBatch = ({ responseType }: ExecutePlanResponse): boolean => responseType.case === "arrowBatch";
  const from = Math.max(place, all.findLastIndex(isBatch) + 1);
  return end === undefined ? [...all] : [...all.slice(0, from), end, ...all.slice(from), end];
}

/** Answers that break the rules of gRPC or of HTTP, after so many right messages. */
export const breaches = [
  "compressed flag",
  "unknown flags",
  "length too long",
  "length enormous",
  "length too short",
  "half a frame",
  "half a head",
  "noise",
  "no trailers",
  "no status",
  "status is text",
  "status is unknown",
  "status is negative",
  "message is not encoded",
  "trailers before the end",
  "reset",
  "connection lost",
  "nothing at all",
] as const;
export type Breach = (typeof breaches)[number];

/** Commits the breach; `message` is the one that is due. */
export async function commit({ reply }: FakeCall, breach: Breach, message: Uint8Array): Promise<void> {
  const framed = (options: { flags?: number; length?: number }): Promise<void> => reply.raw(frameOf(message, options));
  switch (breach) {
    case "compressed flag":
      await framed({ flags: 1 });
      return reply.end();
    case "unknown flags":
      await framed({ flags: 0xf0 });
      return reply.end();
    case "length too long":
      await framed({ length: message.length + 7 });
      return reply.end();
    case "length enormous":
      await framed({ length: 0xffffffff });
      return reply.end();
    case "length too short":
      await framed({ length: message.length >> 1 });
      return reply.end();
    case "half a frame":
      await reply.raw(frameOf(message).subarray(0, 5 + (message.length >> 1)));
      return reply.end();
    case "half a head":
      await reply.raw(frameOf(message).subarray(0, 3));
      return reply.end();
    case "noise":
      await reply.raw(Buffer.from("HTTP/1.1 502 Bad Gateway\r\n\r\n<html></html>"));
      return reply.end();
    case "no trailers":
      reply.headers();
      return reply.rst(0);
    case "no status":
      reply.headers();
      return reply.endWith({ "x-other": "1" });
    case "status is text":
      return reply.endWith({ "grpc-status": "fine" });
    case "status is unknown":
      return reply.endWith({ "grpc-status": "4711", "grpc-message": "what" });
    case "status is negative":
      return reply.endWith({ "grpc-status": "-1" });
    case "message is not encoded":
      return reply.endWith({ "grpc-status": "13", "grpc-message": "100 % of it: %zz %" });
    case "trailers before the end":
      reply.headers({ "grpc-status": "0" });
      return reply.end();
    case "reset":
      reply.headers();
      return reply.rst(11);
    case "connection lost":
      return reply.destroyConnection();
    case "nothing at all":
      reply.headers();
      return reply.end();
  }
}
