/**
 * A map from an interval's start to what was seen there, kept as bytes instead of objects. Ten years of hours are 87,600
 * raw objects and as many partitions; as objects they cost 80 MB and, worse, make the garbage collector's young
 * generation grow to its limit while they are created. Packed they cost 20 MB, and a plan stays under 256 MB.
 *
 * Values are copies: changing what `get` returned changes nothing, `set` replaces.
 */
import type { PartitionFacts } from "../step/partition.ts";
import { Arena } from "./arena.ts";
import type { Lookup } from "./lookup.ts";
import type { PartitionSeen, RawSeen } from "./seen.ts";

/** Writes and reads one value; both walk the same fields in the same order. */
export interface Codec<T> {
  write(to: Arena, value: T): void;
  read(from: Arena): T;
}

/** Starts are whole minutes: as small integers they make a map of small integers, which V8 keeps without boxes. */
const minuteMs = 60_000;

function packedMap<T>(codec: Codec<T>): Lookup<T> {
  const arena = new Arena();
  const offsets = new Map<number, number>();
  const at = (offset: number): T => {
    arena.open(offset);
    return codec.read(arena);
  };
  return {
    get size() {
      return offsets.size;
    },
    has: (startMs) => offsets.has(startMs / minuteMs),
    get(startMs) {
      const offset = offsets.get(startMs / minuteMs);
      return offset === undefined ? undefined : at(offset);
    },
    set(startMs, value) {
      // What was there stays behind as waste; a pass replaces few of many.
      codec.write(arena, value);
      offsets.set(startMs / minuteMs, arena.close());
    },
    *keys() {
      for (const minute of offsets.keys()) yield minute * minuteMs;
    },
    *values() {
      for (const offset of offsets.values()) yield at(offset);
    },
    *[Symbol.iterator]() {
      for (const [minute, offset] of offsets) yield [minute * minuteMs, at(offset)];
    },
  };
}

/** Texts that many values share are written as their number. */
export class SharedTexts {
  readonly texts: string[];
  readonly #numbers: Map<string, number>;

  constructor(texts: readonly string[] = []) {
    this.texts = [...texts];
    this.#numbers = new Map(texts.map((text, number) => [text, number]));
  }

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }
}

export const packedRaw = (): Lookup<RawSeen> => packedMap(rawCodec);
export const packedPartitions = (): Lookup<PartitionSeen> => packedMap(partitionCodec(new SharedTexts()));

/** Writes one value after the other into one buffer, each with its start and length in front. */
export function writeRecords<T>(codec: Codec<T>, entries: Iterable<readonly [startMs: number, value: T]>): Buffer {
  const arena = new Arena();
  const pieces: Buffer[] = [];
  for (const [startMs, value] of entries) {
    codec.write(arena, value);
    const record = arena.takeRecord();
    const piece = Buffer.allocUnsafe(recordHeadBytes + record.length);
    piece.writeDoubleLE(startMs, 0);
    piece.writeUInt32LE(record.length, 8);
    record.copy(piece, recordHeadBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Finds the values that `writeRecords` wrote, each decoded when it is asked for. Throws a RangeError for cut bytes. */
export function readRecords<T>(codec: Codec<T>, bytes: Buffer): (startMs: number) => T | undefined {
  const offsets = new Map<number, number>();
  for (let at = 0; at < bytes.length; ) {
    offsets.set(bytes.readDoubleLE(at) / minuteMs, at + recordHeadBytes);
    at += recordHeadBytes + bytes.readUInt32LE(at + 8);
    if (at > bytes.length) throw new RangeError("a record is cut");
  }
  const arena = new Arena();
  return (startMs) => {
    const offset = offsets.get(startMs / minuteMs);
    if (offset === undefined) return undefined;
    arena.openIn(bytes, offset);
    return codec.read(arena);
  };
}

const recordHeadBytes = 12;

export const rawCodec: Codec<RawSeen> = {
  write(to, { key, size, token, facts }) {
    to.writeNumber(size);
    to.writeText(key);
    to.writeText(token);
    // Revisions count from 1, so 0 says that there are no facts, and the sign whether they were verified.
    to.writeNumber(facts === undefined ? 0 : facts.verified ? facts.revision : -facts.revision);
    if (facts !== undefined) to.writeSum(facts.sha256);
  },
  read(from) {
    const size = from.readNumber();
    const key = from.readText();
    const token = from.readText();
    const revision = from.readNumber();
    const facts =
      revision === 0 ? undefined : { sha256: from.readSum(), revision: Math.abs(revision), verified: revision > 0 };
    return { key, size, token, facts };
  },
};

type Lists = readonly [standIns: PartitionFacts["standIns"], narrow: PartitionFacts["narrow"]];

const noLists: Lists = [[], []];

export function partitionCodec(shared: SharedTexts): Codec<PartitionSeen> {
  const lists = (facts: PartitionFacts): string =>
    facts.standIns.length + facts.narrow.length === 0 ? "" : JSON.stringify([facts.standIns, facts.narrow]);
  return {
    write(to, { size, token, facts }) {
      to.writeNumber(size);
      to.writeText(token);
      to.writeSum(facts.rawSha256);
      to.writeNumber(facts.rawRevision);
      to.writeNumber(facts.rows);
      to.writeNumber(facts.rejected);
      to.writeNumber(facts.checked);
      to.writeNumber(shared.numberOf(facts.converter));
      to.writeNumber(shared.numberOf(facts.settings));
      to.writeText(lists(facts));
    },
    read(from) {
      const size = from.readNumber();
      const token = from.readText();
      const rawSha256 = from.readSum();
      const rawRevision = from.readNumber();
      const rows = from.readNumber();
      const rejected = from.readNumber();
      const checked = from.readNumber();
      const converter = shared.texts[from.readNumber()] ?? "";
      const settings = shared.texts[from.readNumber()] ?? "";
      const text = from.readText();
      const [standIns, narrow]: Lists = text === "" ? noLists : JSON.parse(text);
      const facts = { rawSha256, rawRevision, rows, rejected, converter, settings, standIns, checked, narrow };
      return { size, token, facts };
    },
  };
}
