/** What a metastore was told of one mart, and what readers saw of it meanwhile. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { MetastoreCalls } from "../../src/catalog/hive/calls.ts";
import { type HiveTable, readTable } from "../../src/catalog/hive/structs.ts";
import { parameter } from "../../src/catalog/hive/table-form.ts";
import { Failure } from "../../src/errors.ts";
import {
  readMessageBegin,
  readStringMap,
  readStruct,
  skipValue,
  type ThriftCursor,
  thriftCursor,
} from "../../src/thrift/reader.ts";
import { MessageType, WireType } from "../../src/thrift/types.ts";
import type { Done } from "./thrift-proxy.ts";

/** One table put in a place, or refused. */
export interface Swap {
  readonly table: string;
  /** The record that the name was to show. */
  readonly number: number;
  /** The number that had to stand there; `undefined` for a creation. */
  readonly expected: number | undefined;
  /** `undefined` where the server was killed before it said so. */
  readonly isAccepted: boolean | undefined;
}

/** In the order in which the server answered them. */
export function swapsOf(done: readonly Done[]): Swap[] {
  return done.flatMap((one): Swap[] => {
    const isCreation = one.method === "create_table_with_environment_context";
    if (!isCreation && one.method !== "alter_table_with_environment_context") return [];
    const cursor = thriftCursor(one.request);
    readMessageBegin(cursor);
    let table: HiveTable | undefined;
    let expected: number | undefined;
    readStruct(cursor, WireType.struct, (id, type) => {
      if (id === (isCreation ? 1 : 3)) table = readTable(cursor, type);
      else if (id === 4) expected = expectedIn(cursor, type);
      else return false;
      return true;
    });
    assert.ok(table !== undefined);
    const number = Number(table.parameters.get(parameter.number));
    return [
      {
        table: table.name,
        number,
        expected,
        isAccepted: one.answer === undefined ? undefined : isAccepted(one.answer),
      },
    ];
  });
}

/** `EnvironmentContext { 1: map<string, string> properties }`. */
function expectedIn(cursor: ThriftCursor, type: number): number | undefined {
  let value: string | undefined;
  readStruct(cursor, type, (id, fieldType) => {
    if (id !== 1) return false;
    value = readStringMap(cursor, fieldType).get("expected_parameter_value");
    return true;
  });
  return value === undefined ? undefined : Number(value);
}

/** A reply without any exception. */
function isAccepted(answer: Buffer): boolean {
  const cursor = thriftCursor(answer);
  if (readMessageBegin(cursor).type !== MessageType.reply) return false;
  let fields = 0;
  readStruct(cursor, WireType.struct, (_, type) => {
    fields += 1;
    skipValue(cursor, type);
    return true;
  });
  return fields === 0;
}

/**
 * No double update and no lost one: the accepted swaps are one chain, each over what the one before it wrote. Their answers may have
 * come in another order, and one whose answer nobody got was done if another one was accepted over it.
 */
export function assertOneChain(swaps: readonly Swap[], when: string): void {
  const accepted = swaps.filter(({ isAccepted }) => isAccepted === true);
  const unheard = swaps.filter(
    ({ isAccepted, number }) =>
      isAccepted === undefined &&
      accepted.some(({ expected }) => expected === number) &&
      !accepted.some((other) => other.number === number),
  );
  const numbers = new Set(unheard.map(({ number }) => number));
  const once = unheard.filter(({ number }) => numbers.delete(number));
  let standing: number | undefined;
  for (const { number, expected } of [...accepted, ...once].sort((one, other) => one.number - other.number)) {
    assert.equal(expected, standing, `${when}: ${number} was accepted over ${expected}, and ${standing} stood there`);
    assert.notEqual(number, standing, `${when}: ${number} was accepted twice`);
    standing = number;
  }
}

async function orAway(error: unknown): Promise<"away"> {
  if (!(error instanceof Failure) || error.kind !== "unavailable") throw error;
  await pause(20);
  return "away";
}

export interface Watch {
  /** Ends it. Answers the versions that were seen, each once, in their order. */
  stop(): Promise<readonly number[]>;
}

/** Looks at a name all the time, as readers do: it must show one whole version, and never an older one than before. */
export function watchName(
  calls: MetastoreCalls,
  { database, name }: { readonly database: string; readonly name: string },
  look: { readonly assertWhole: (table: HiveTable) => void; readonly versionAt: (table: HiveTable) => number },
): Watch {
  const seen: number[] = [];
  let isOver = false;
  const watching = (async () => {
    let isLast = false;
    for (let read = calls.tables; !isLast; read = read === calls.tables ? oneTable : calls.tables) {
      // The last look begins after the end: one that was under way may have seen what was before.
      isLast = isOver;
      const tables = await read(database, [name]).catch(orAway);
      // Nobody sees anything while the server is away.
      if (tables === "away") continue;
      const [table] = tables;
      const last = seen.at(-1) ?? 0;
      if (table === undefined) {
        assert.equal(last, 0, `${name} is gone`);
        continue;
      }
      look.assertWhole(table);
      const version = look.versionAt(table);
      assert.ok(version >= last, `${name} went back from ${last} to ${version}`);
      if (version !== last) seen.push(version);
    }
  })();
  // Its failure is told by `stop`.
  watching.catch(() => undefined);
  /** The call that Spark makes. */
  async function oneTable(inside: string, [asked = ""]: readonly string[]): Promise<readonly HiveTable[]> {
    const table = await calls.table(inside, asked);
    return table === undefined ? [] : [table];
  }
  return {
    async stop() {
      isOver = true;
      await watching;
      return seen;
    },
  };
}
