/**
 * Hours that are meant to hurt, each with what must come of it. `size` scales a case: the ordinary run takes the small
 * size, the deep run the large one.
 */
import { crc32, gzipSync } from "node:zlib";
import type { Body, Stretch } from "./lake.ts";

const kib = 1024;
const mib = 1024 * kib;

export interface Finding {
  readonly stage: "collect" | "convert";
  readonly message: RegExp;
}

export interface HostileHour {
  readonly name: string;
  readonly body: Body;
  /** The one finding there must be; absent: the hour is odd, but by the rules there is nothing wrong with it. */
  readonly finding?: Finding;
  /** What becomes visible of an hour without a finding. */
  readonly rows?: number;
}

export interface HostileRun {
  readonly hours: readonly HostileHour[];
  /** YAML in flow style, with a comma before each option. */
  readonly options?: { readonly source?: string; readonly table?: string };
  /** The most memory that the process may ever hold. */
  readonly peakBytesMax: number;
}

/** Such bodies compress a thousandfold, which collecting refuses long before they could do any harm. */
const letThrough = { source: ", ratio_max: 100000" };

const collect = (message: RegExp): Finding => ({ stage: "collect", message });
const convert = (message: RegExp): Finding => ({ stage: "convert", message });
const rejected = (reason: string): Finding =>
  convert(new RegExp(`^events@[\\d-]+: 1 of 1 lines rejected \\(100\\.00 %, allowed 0\\.1 %\\); line 1: ${reason}$`));

const plain = Buffer.from(Array.from({ length: 2000 }, (_, i) => `{"id":${i},"type":"PushEvent"}\n`).join(""));
const whole = gzipSync(plain);

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** A member whose trailer is right although its text is not what it says: only the CRC can tell. */
function liar(): Uint8Array {
  const copy = Buffer.from(whole);
  copy.writeUInt32LE((crc32(plain) ^ 1) >>> 0, copy.length - 8);
  return copy;
}

/** Small ones, all in one lake: one process lives through all of them. */
export const smallHours: readonly HostileHour[] = [
  {
    name: "100,000 nested lists",
    body: [{ text: `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}\n` }],
    finding: rejected("nested more than 128 levels deep"),
  },
  {
    name: "100,000 nested objects",
    body: [{ text: `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}\n` }],
    finding: rejected("nested more than 128 levels deep"),
  },
  {
    name: "100,000 lists that do not end",
    body: [{ text: `{"a":${"[".repeat(100_000)}` }],
    finding: rejected("nested more than 128 levels deep"),
  },
  { name: "a MiB of NULs", body: [{ text: Buffer.alloc(mib) }], finding: rejected("not an object") },
  { name: "a NUL in a string", body: [{ text: '{"a":"x\0y"}\n' }], finding: rejected("control character in a string") },
  { name: "a NUL behind an object", body: [{ text: '{"a":1}\0\n' }], finding: rejected(".+") },
  { name: "an escaped NUL", body: [{ text: '{"a":"x\\u0000y"}\n' }], rows: 1 },
  {
    name: "an exponent of a MiB",
    body: [{ text: `{"n":1e${"1".repeat(mib)}}\n` }],
    finding: rejected("number out of range"),
  },
  { name: "an integer of a MiB", body: [{ text: `{"n":${"1".repeat(mib)}}\n` }], rows: 1 },
  { name: "a fraction of a MiB", body: [{ text: `{"f":0.${"1".repeat(mib)}}\n` }], rows: 1 },
  { name: "a key of a MiB", body: [{ text: `{"${"k".repeat(mib)}":1}\n` }], rows: 1 },
  { name: "nothing at all", body: new Uint8Array(0), finding: collect(/: the body is empty$/) },
  { name: "no gzip", body: plain, finding: collect(/: not gzip: /) },
  {
    name: "an error page",
    body: Buffer.from("<html><body>Welcome</body></html>"),
    finding: collect(/: not gzip: .*HTML/i),
  },
  {
    name: "half a header",
    body: whole.subarray(0, 5),
    finding: collect(/: truncated in the header of member 1 after 5 bytes$/),
  },
  {
    name: "half a member",
    body: whole.subarray(0, whole.length >> 1),
    finding: collect(new RegExp(`: truncated in member 1 after ${whole.length >> 1} bytes$`)),
  },
  {
    name: "a member without its trailer",
    body: whole.subarray(0, -8),
    finding: collect(/: truncated in member 1 after \d+ bytes$/),
  },
  {
    name: "a second member that is cut",
    body: Buffer.concat([whole, whole.subarray(0, -20)]),
    finding: collect(/: truncated in member 2 after \d+ bytes$/),
  },
  { name: "a wrong bit", body: flipped(whole, whole.length >> 1), finding: collect(/ member 1\b/) },
  { name: "a wrong CRC", body: liar(), finding: collect(/: CRC32 differs in member 1$/) },
  { name: "a wrong length", body: flipped(whole, whole.length - 3), finding: collect(/: length differs in member 1$/) },
  {
    name: "a second member with a wrong CRC",
    body: Buffer.concat([whole, liar()]),
    finding: collect(/: CRC32 differs in member 2$/),
  },
  {
    name: "garbage behind the last member",
    body: Buffer.concat([whole, Buffer.from("garbage")]),
    finding: collect(/: 7 bytes of trailing garbage at byte \d+$/),
  },
];

function* keysInOneObject(count: number): Iterable<Stretch> {
  yield { text: '{"m":{"k":1' };
  for (let from = 0; from < count; from += 50_000) {
    yield { text: Array.from({ length: Math.min(50_000, count - from) }, (_, i) => `,"k${from + i}":${i}`).join("") };
  }
  yield { text: "}}\n" };
}

function* keysInTurn(count: number): Iterable<Stretch> {
  for (let from = 0; from < count; from += 50_000) {
    const length = Math.min(50_000, count - from);
    yield { text: Array.from({ length }, (_, i) => `{"m":{"k${from + i}":${i}}}\n`).join("") };
  }
}

function* tinyLines(count: number): Iterable<Stretch> {
  for (let from = 0; from < count; from += 50_000) {
    yield { text: Array.from({ length: 50_000 }, (_, i) => `{"a":${from + i}}\n`).join("") };
  }
}

const repeated = (text: string): string =>
  text.repeat(Math.ceil(mib / text.length)).slice(0, mib - (mib % text.length));

export interface Sizes {
  readonly mebibytes: number;
  readonly keys: number;
  readonly lines: number;
}

export const ordinarySizes: Sizes = { mebibytes: 64, keys: 200_000, lines: 1_000_000 };
export const deepSizes: Sizes = { mebibytes: 1024, keys: 10_000_000, lines: 20_000_000 };

/** Large ones, each in a process of its own. */
export function largeRuns({ mebibytes, keys, lines }: Sizes): HostileRun[] {
  const long: Body = [{ text: '{"a":"' }, { text: "x".repeat(mib), times: mebibytes }, { text: '"}\n' }];
  const tooManyKeys = convert(/^more than 10,000 columns: object "m" has [\d,]+ different keys$/);
  return [
    {
      hours: [{ name: `a line of ${mebibytes} MiB`, body: long, finding: rejected("longer than 33554432 bytes") }],
      options: letThrough,
      peakBytesMax: 300 * mib,
    },
    {
      hours: [
        {
          name: `${keys} keys in one object`,
          body: keysInOneObject(keys),
          // So many that the line is too long before its keys are too many.
          finding: keys > 2_000_000 ? rejected("longer than 33554432 bytes") : tooManyKeys,
        },
      ],
      peakBytesMax: 500 * mib,
    },
    {
      hours: [{ name: `${keys} keys, each on a line of its own`, body: keysInTurn(keys), finding: tooManyKeys }],
      peakBytesMax: 300 * mib,
    },
    {
      hours: [
        {
          name: "a bomb by its ratio",
          body: [{ text: Buffer.alloc(mib), times: 64 }],
          finding: collect(/: expands beyond 500 times its size$/),
        },
      ],
      peakBytesMax: 250 * mib,
    },
    {
      hours: [
        {
          name: "a bomb by its size",
          body: [{ text: repeated("\n"), times: mebibytes }],
          finding: collect(/: expands beyond 33554432 bytes$/),
        },
      ],
      options: { source: ", ratio_max: 100000, expanded_max: 32MiB" },
      peakBytesMax: 250 * mib,
    },
    {
      hours: [
        {
          name: `${mebibytes} MiB out of ${mebibytes * 5} KiB`,
          body: [{ text: repeated('{"a":1}\n'), times: mebibytes }],
          rows: (mebibytes * mib) / 8,
        },
      ],
      options: letThrough,
      // A row group of 256 MiB of this JSON has 33 million rows.
      peakBytesMax: (mebibytes > 64 ? 1024 : 450) * mib,
    },
    {
      hours: [{ name: "a string of 31 MiB", body: [{ text: `{"s":"${"s".repeat(31 * mib)}"}\n` }], rows: 1 }],
      options: letThrough,
      peakBytesMax: 400 * mib,
    },
    {
      hours: [{ name: `${lines} tiny lines`, body: tinyLines(lines), rows: lines }],
      peakBytesMax: (lines > 1_000_000 ? 700 : 300) * mib,
    },
  ];
}

/**
 * What costs the converter most memory for each byte of JSON: values, nulls and lists of two or three characters. The
 * bound is that of one full row group, whatever follows it.
 */
export function densestRuns(mebibytes: number): HostileRun[] {
  const lists: readonly [string, readonly string[]][] = [
    ["digits", ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]],
    ["empty lists", ["[]"]],
    ["ones and nulls", ["1", "null"]],
  ];
  return lists.map(([name, elements]) => {
    const all = elements.join(",");
    const line = `{"a":[${all}${`,${all}`.repeat(Math.floor((mib - 20) / (all.length + 1)) - 1)}]}\n`;
    return {
      hours: [
        { name: `${mebibytes} MiB of ${name} in lists`, body: [{ text: line, times: mebibytes }], rows: mebibytes },
      ],
      options: letThrough,
      peakBytesMax: 3072 * mib,
    };
  });
}

/** The name of the hour that a key speaks of, counted from the first. */
export function hourOfKey(key: string): number {
  const found = /@2026-03-01-(\d\d)$/.exec(key)?.[1];
  if (found === undefined) throw new Error(`${key} names no hour of the test`);
  return Number(found);
}
