/** Readers that loop over a mart while it is replaced again and again: each answer is one whole version. */
import assert from "node:assert/strict";
import { askConnect, type Plain } from "./answers.ts";
import type { Scene } from "./scene.ts";

/**
 * Every version has its own number in every row, a count and a sum that follow from the number, and one of three forms, so that a
 * column of one version read with the files of another is noticed. The type of `extra` changes in ways that Hive calls incompatible.
 */
export function versionSql(version: number): string {
  const extra = [
    "'text' as extra",
    "i::double / 2 as extra, i % 2 = 0 as more",
    "{'Deep': i, 'tags': ['a', null]} as extra, 'x' as other, date '2026-03-01' as more",
  ][version % 3];
  return `select ${version}::bigint as v, i::bigint as n, ${extra} from range(${rowsOf(version)}) as r(i)`;
}

const rowsOf = (version: number): number => 100 + (version % 7);

const columnsOf = (version: number): string =>
  [
    "v bigint, n bigint, extra string",
    "v bigint, n bigint, extra double, more boolean",
    "v bigint, n bigint, extra struct<Deep:bigint,tags:array<string>>, other string, more date",
  ][version % 3] ?? "";

interface Looped {
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
  await scene.publish(mart, versionSql(1));
  let isOver = false;
  async function loop(read: () => Promise<number>): Promise<Looped> {
    const versions: number[] = [];
    let reads = 0;
    for (let isLast = false; ; ) {
      const version = await read();
      reads += 1;
      const before = versions.at(-1) ?? 0;
      assert.ok(version >= before, `${version} after ${before}: nobody goes back`);
      if (version > before) versions.push(version);
      // One that begins after the last swap has to see it.
      if (isLast) return { reads, versions };
      isLast = isOver;
    }
  }
  const readers = Promise.all([
    loop(async () => {
      const { columns, rows } = await askConnect(scene.connect, `SELECT * FROM ${table}`);
      return wholeVersion(columns, rows);
    }),
    loop(async () => {
      const { columns, rows } = await scene.notebook.ask({ table });
      return wholeVersion(columns, rows);
    }),
    loop(async () => wholeSummary(await scene.beeline.ask(summarySql(table)))),
  ]);
  const writer = (async () => {
    try {
      for (let version = 2; version <= times + 1; version++) await scene.publish(mart, versionSql(version));
    } finally {
      isOver = true;
    }
  })();
  const [[connect, notebook, beeline]] = await Promise.all([readers, writer]);
  return { connect, notebook, beeline };
}

/** The number of the one version that an answer consists of. */
function wholeVersion(columns: readonly (readonly [string, string])[], rows: readonly (readonly Plain[])[]): number {
  const version = Number(rows[0]?.[0]);
  const told = rows.map(([v, n]) => `${String(v)} ${String(n)}`).sort();
  const whole = Array.from({ length: rowsOf(version) }, (_, n) => `${version} ${n}`).sort();
  assert.deepEqual(told, whole, `version ${version}`);
  assert.equal(columns.map((column) => column.join(" ")).join(", "), columnsOf(version));
  return version;
}

const summarySql = (table: string): string =>
  `select min(v), max(v), count(*), sum(n), count(extra), max(typeof(extra)) from ${table}`;

function wholeSummary([, row = []]: readonly (readonly string[])[]): number {
  const [least = "", most, ...rest] = row;
  const version = Number(least);
  assert.equal(most, least, "one version at a time");
  const count = rowsOf(version);
  const type = /extra (.+?)(?:, (?:more|other) |$)/.exec(columnsOf(version))?.[1];
  assert.deepEqual(rest, [String(count), String((count * (count - 1)) / 2), String(count), type], `version ${version}`);
  return version;
}
