/**
 * A map from an interval's start to what was seen there, kept as bytes instead of objects. Ten years of hours are 87,600
 * raw objects and as many partitions; as objects they cost 80 MB and, worse, make the garbage collector's young
 * generation grow to its limit while they are created. Packed they cost 20 MB, and a plan stays under 256 MB.
 *
 * Values are copies: changing what `get` returned changes nothing, `set` replaces.
 */
import type { PartitionFacts } from "../step/partition.ts";
import type { Lookup } from "./lookup.ts";
import type { PartitionSeen, RawSeen } from "./seen.ts";

/** Writes and reads one value; both walk the same fields in the same order. */
interface Codec<T> {
  write(to: Arena, value: T): void;
  read(from: Arena): T;
}

const chunkBytes = 1 << 20;

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

/** Records of bytes in chunks that never move, so that growing copies nothing and leaves nothing to the collector. */
class Arena {
  /** Where reading goes on, within the chunk of the record that was opened. */
  #at = 0;
  #from: Buffer = Buffer.alloc(0);
  readonly #chunks: Buffer[] = [];
  #end = 0;
  /** The record that is being written. */
  #record = Buffer.allocUnsafe(512);
  #length = 0;

  open(offset: number): void {
    this.#from = this.#chunks[Math.floor(offset / chunkBytes)] ?? Buffer.alloc(0);
    this.#at = offset % chunkBytes;
  }

  /** Keeps what was written since the last call; answers where to open it. */
  close(): number {
    const last = this.#chunks.at(-1);
    if (last === undefined || this.#end + this.#length > last.length) {
      // A record larger than a chunk gets one of its own.
      this.#chunks.push(Buffer.allocUnsafe(Math.max(chunkBytes, this.#length)));
      this.#end = 0;
    }
    const offset = (this.#chunks.length - 1) * chunkBytes + this.#end;
    this.#record.copy(this.#chunks.at(-1) ?? this.#record, this.#end, 0, this.#length);
    this.#end += this.#length;
    this.#length = 0;
    return offset;
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#record.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + length));
    this.#record.copy(larger, 0, 0, this.#length);
    this.#record = larger;
  }

  writeNumber(value: number): void {
    this.#reserve(8);
    this.#length = this.#record.writeDoubleLE(value, this.#length);
  }

  readNumber(): number {
    const value = this.#from.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  writeText(text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(4 + length);
    this.#length = this.#record.writeUInt32LE(length, this.#length);
    this.#length += this.#record.write(text, this.#length);
  }

  readText(): string {
    const length = this.#from.readUInt32LE(this.#at);
    const start = this.#at + 4;
    this.#at = start + length;
    return this.#from.toString("utf8", start, this.#at);
  }

  /** 64 hex digits. */
  writeSum(sum: string): void {
    this.#reserve(32);
    this.#length += this.#record.write(sum, this.#length, 32, "hex");
  }

  readSum(): string {
    const start = this.#at;
    this.#at = start + 32;
    return this.#from.toString("hex", start, this.#at);
  }
}

/** Texts that many values share are written as their number. */
interface Shared {
  readonly texts: string[];
  readonly numbers: Map<string, number>;
}

const newShared = (): Shared => ({ texts: [], numbers: new Map() });

function numberOf(shared: Shared, text: string): number {
  let number = shared.numbers.get(text);
  if (number === undefined) {
    number = shared.texts.push(text) - 1;
    shared.numbers.set(text, number);
  }
  return number;
}

export function packedRaw(): Lookup<RawSeen> {
  return packedMap<RawSeen>({
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
  });
}

type Lists = readonly [standIns: PartitionFacts["standIns"], narrow: PartitionFacts["narrow"]];

const noLists: Lists = [[], []];

export function packedPartitions(): Lookup<PartitionSeen> {
  const shared = newShared();
  const lists = (facts: PartitionFacts): string =>
    facts.standIns.length + facts.narrow.length === 0 ? "" : JSON.stringify([facts.standIns, facts.narrow]);
  return packedMap<PartitionSeen>({
    write(to, { size, token, facts }) {
      to.writeNumber(size);
      to.writeText(token);
      to.writeSum(facts.rawSha256);
      to.writeNumber(facts.rawRevision);
      to.writeNumber(facts.rows);
      to.writeNumber(facts.rejected);
      to.writeNumber(facts.checked);
      to.writeNumber(numberOf(shared, facts.converter));
      to.writeNumber(numberOf(shared, facts.settings));
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
  });
}
