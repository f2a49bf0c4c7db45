/** Readers that loop over a mart while it is replaced again and again: each answer is one whole version. */
import assert from "node:assert/strict";
import { type Answer, askConnect } from "./answers.ts";
import type { NamedLake } from "./named-lake.ts";
import type { Scene } from "./scene.ts";

/**
 * Every version has its own number in every row, a count and a sum that follow from the number. The columns stay: a metastore reads
 * a table in several steps, so that a look-up in the moment of a swap that changes them may find those of the other version, or none.
 */
function versionSql(version: number): string {
  const columns = `${version}::bigint as v, i::bigint as n, 'text' as "extra", {'Deep': i} as deep`;
  return `select ${columns} from range(${rowsOf(version)}) as r(i)`;
}

const rowsOf = (version: number): number => 100 + (version % 7);

/** Versions whose columns have nothing in common but their names, with types that Hive calls incompatible. */
export const changingColumns: readonly { readonly select: string; readonly columns: Answer["columns"] }[] = [
  {
    select: "1::bigint as v, 'x' as extra",
    columns: [
      ["v", "bigint"],
      ["extra", "string"],
    ],
  },
  {
    select: "2::bigint as v, 0.5::double as extra, true as more",
    columns: [
      ["v", "bigint"],
      ["extra", "double"],
      ["more", "boolean"],
    ],
  },
  {
    select: "{'Deep': 3::bigint} as extra, 3::bigint as v",
    columns: [
      ["extra", "struct<Deep:bigint>"],
      ["v", "bigint"],
    ],
  },
  { select: "4::bigint as v", columns: [["v", "bigint"]] },
  { select: "date '2026-03-01' as v", columns: [["v", "date"]] },
  {
    select: "'back' as extra, 6::bigint as v",
    columns: [
      ["extra", "string"],
      ["v", "bigint"],
    ],
  },
];

export interface Looped {
  readonly reads: number;
  /** Of the versions that were seen, in their order. */
  readonly versions: readonly number[];
}

/** Replaces the mart `times` times while everybody reads; answers what each reader saw. */
export async function replaceUnderReaders(
  scene: Scene,
  mart: string,
  times: number,
): Promise<Readonly<Record<"connect" | "notebook" | "beeline", Looped>>> {
  const table = `${scene.database}.${mart}`;
  const { connect, notebook, beeline } = scene;
  const [byConnect, byNotebook, byBeeline] = await replaceUnder(scene, mart, times, [
    async () => wholeVersion(await askConnect(connect, `SELECT * FROM ${table}`)),
    async () => wholeVersion(await notebook.ask({ table })),
    async () => wholeSummary((await beeline.ask(summarySql(table)))[1] ?? []),
  ]);
  if (byConnect === undefined || byNotebook === undefined || byBeeline === undefined) {
    throw new Error("a reader is missing");
  }
  return { connect: byConnect, notebook: byNotebook, beeline: byBeeline };
}

/** The same with any readers: each call answers the number of the one version that it found. */
export async function replaceUnder(
  { publish }: Pick<NamedLake, "publish">,
  mart: string,
  times: number,
  readers: readonly (() => Promise<number>)[],
): Promise<readonly Looped[]> {
  await publish(mart, versionSql(1));
  let isOver = false;
  async function loop(read: () => Promise<number>): Promise<Looped> {
    const versions: number[] = [];
    for (let reads = 1, isLast = false; ; reads++) {
      const version = await read();
      const before = versions.at(-1) ?? 0;
      assert.ok(version >= before, `${version} after ${before}: nobody goes back`);
      if (version > before) versions.push(version);
      // One that begins after the last swap has to see it.
      if (isLast) return { reads, versions };
      isLast = isOver;
    }
  }
  async function write(): Promise<void> {
    for (let version = 2; version <= times + 1 && !isOver; version++) await publish(mart, versionSql(version));
    isOver = true;
  }
  /** Nobody goes on for one who failed. */
  const together = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      isOver = true;
    }
  };
  const all = readers.map(loop).map(together);
  const writing = together(write());
  await Promise.allSettled([writing, ...all]);
  await writing;
  return await Promise.all(all);
}

/** The number of the one version that an answer consists of. */
function wholeVersion({ columns, rows }: Answer): number {
  const version = wholeRows(rows);
  const types = columns.map((column) => column.join(" ")).join(", ");
  assert.equal(types, "v bigint, n bigint, extra string, deep struct<Deep:bigint>");
  return version;
}

/** The same, of rows alone. */
export function wholeRows(rows: Answer["rows"]): number {
  const version = Number(rows[0]?.[0]);
  const told = rows.map(([v, n]) => `${String(v)} ${String(n)}`).sort();
  const whole = Array.from({ length: rowsOf(version) }, (_, n) => `${version} ${n}`).sort();
  assert.deepEqual(told, whole, `version ${version}`);
  return version;
}

export const summarySql = (table: string): string =>
  `select min(v), max(v), count(*), sum(n), sum(deep.deep) from ${table}`;

/** Of the one row of `summarySql`. */
export function wholeSummary(row: readonly string[]): number {
  const [least = "", most, ...rest] = row;
  const version = Number(least);
  assert.equal(most, least, "one version at a time");
  const count = rowsOf(version);
  const sum = String((count * (count - 1)) / 2);
  assert.deepEqual(rest, [String(count), sum, sum], `version ${version}`);
  return version;
}
