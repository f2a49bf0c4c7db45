/**
 * Finds out by doing whether a metastore keeps writers apart: on a table of our own, which is dropped whatever happens, first one after
 * the other and then by writers that race. Its version is only said, not believed: what a server that does not know the
 * compare-and-swap does with it is nothing, silently.
 */
import { randomBytes } from "node:crypto";
import { Failure } from "../../errors.ts";
import type { CallOptions, CatalogProof } from "../contract.ts";
import type { MetastoreCalls } from "./calls.ts";
import { databaseLocation, ensureDatabase } from "./database.ts";
import { MetastoreException } from "./exception.ts";
import { explained, fitVersion } from "./explain.ts";
import { isSameFileSystem } from "./location.ts";
import type { Metastore } from "./metastore.ts";
import type { HiveOptions } from "./options.ts";
import type { HiveTable } from "./structs.ts";
import { externalParameters, externalTable, parameter, parquetAt } from "./table-form.ts";

const token = "millrace.probe";
/** Losers of a race wait: a server that meets a conflict below it tries again after two seconds. */
const rounds = 3;
const racers = 8;

export async function proveMetastore(
  metastore: Metastore,
  options: HiveOptions,
  writers: "several" | "one",
  call: CallOptions,
): Promise<CatalogProof> {
  const { address, calls } = metastore;
  const version = await orExplained(address, () => calls.version(call));
  const what = `Hive Metastore ${version} at ${metastore.where}`;
  const database = await ensureDatabase(metastore, options, options.settings.database, call);
  const probe = probeTable(options, database);
  try {
    await orExplained(`${what}: ${probe.storage.location}`, () => calls.createTable(probe, call));
    await demandSparkFinds(calls, probe, what, call);
    const broken = await orExplained(what, () => brokenPromise(metastore, probe, call));
    if (broken === undefined) return { what, findings: kept(database.name) };
    if (writers === "one") {
      return {
        what,
        findings: [`${broken}, which is no matter while one process writes (\`lake: { writers: one }\`)`],
      };
    }
    throw new Failure("denied", `${what}: ${broken}, so that of two writers one would undo the other's work`, {
      remedy: `use Hive Metastore ${fitVersion}; or, if nobody else ever writes to this lake, say so: \`lake: { writers: one }\``,
    });
  } finally {
    await dropQuietly(calls, probe);
  }
}

const kept = (database: string): readonly string[] => [
  `database ${database} is there`,
  "a swap with a stale or a missing value is refused",
  `of ${racers} racing writers one wins, ${rounds} times of ${rounds}`,
];

/**
 * A server opens the place of a table that it creates, and makes it if it is not there. So the probe lies in the directory of the
 * database, which is there already, unless that is on another file system than the marts.
 */
function probeTable(options: HiveOptions, database: { readonly name: string; readonly location: string }): HiveTable {
  const { name } = database;
  const location = isSameFileSystem(database.location, options.martsLocation)
    ? database.location
    : databaseLocation(options, name);
  return {
    database: name,
    name: `_millrace_probe_${randomBytes(6).toString("hex")}`,
    owner: options.settings.owner,
    type: externalTable,
    storage: parquetAt(location, [{ name: "probe", type: "string", comment: undefined }]),
    partitionKeys: [],
    parameters: new Map([
      ...externalParameters,
      ["comment", "Made and dropped by millrace to find out whether writers are kept apart"],
      [parameter.lake, options.martsLocation],
      [token, "0"],
    ]),
  };
}

/** With the call that Spark's own client makes, and ours does not. */
async function demandSparkFinds(
  calls: MetastoreCalls,
  probe: HiveTable,
  what: string,
  call: CallOptions,
): Promise<void> {
  const found = await orExplained(`${what}: Spark could not look up any name`, () =>
    calls.table(probe.database, probe.name, call),
  );
  if (found?.parameters.get(token) === "0") return;
  throw new Failure("denied", `${what}: a table that was just created is not what is found under its name`, {
    remedy:
      "millrace and readers must see what is created: look at the metastore's filters and at replicas behind one address",
  });
}

/** What was seen of a server that does not keep its promise; `undefined` for one that does. */
async function brokenPromise(metastore: Metastore, probe: HiveTable, call: CallOptions): Promise<string | undefined> {
  const { calls } = metastore;
  await calls.alterTable(withToken(probe, "start"), { key: token, value: "0" }, call);
  const stale = withToken(probe, "stale");
  if (await isAccepted(calls, stale, { key: token, value: "0" }, call)) {
    return "a swap with a stale value is accepted: it does not know the compare-and-swap";
  }
  if (await isAccepted(calls, stale, { key: `${token}.absent`, value: "0" }, call)) {
    return "a swap that expects a value where there is none is accepted";
  }
  return await metastore.apart(racers, async (racing) => {
    let current = "start";
    for (let round = 1; round <= rounds; round++) {
      const expected = { key: token, value: current };
      const values = Array.from({ length: racers }, (_, racer) => `${round}-${racer}`);
      const won = await Promise.all(values.map((value) => isAccepted(racing, withToken(probe, value), expected, call)));
      const winners = values.filter((_, racer) => won[racer] === true);
      const [standing] = await racing.tables(probe.database, [probe.name], call);
      current = standing?.parameters.get(token) ?? "";
      if (winners.length !== 1) return `of ${racers} racing writers ${winners.length} were told that they had won`;
      if (current !== winners[0]) return "what the winner of a race wrote is not what stands there";
    }
    return undefined;
  });
}

const withToken = (table: HiveTable, value: string): HiveTable => ({
  ...table,
  parameters: new Map([...table.parameters, [token, value]]),
});

/** A declared exception is a refusal, whatever its words. */
async function isAccepted(
  calls: MetastoreCalls,
  table: HiveTable,
  expected: { readonly key: string; readonly value: string },
  call: CallOptions,
): Promise<boolean> {
  try {
    await calls.alterTable(table, expected, call);
    return true;
  } catch (error) {
    if (error instanceof MetastoreException) return false;
    throw error;
  }
}

/** Also after a signal. Should it stay, its comment says what it is, and its drop failing is no finding about writers. */
async function dropQuietly(calls: MetastoreCalls, { database, name }: HiveTable): Promise<void> {
  try {
    await calls.dropTable(database, name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

async function orExplained<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, subject);
  }
}
