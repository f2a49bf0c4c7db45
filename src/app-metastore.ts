/** What `millrace metastore check` asks a metastore, as a client that stands where millrace stands. */
import { Failure } from "./errors.ts";
import type { HiveSettings } from "./model/project.ts";

export interface MetastoreFinding {
  readonly what: "answer" | "database" | "swaps";
  readonly ok: boolean;
  readonly says: string;
  readonly remedy?: string | undefined;
}

export interface CheckMetastore {
  readonly hosts: HiveSettings["hosts"];
  readonly transport: HiveSettings["transport"];
  /** `one`: a metastore that does not keep writers apart will do. */
  readonly writers: "several" | "one";
  readonly signal: AbortSignal;
  readonly onFinding: (finding: MetastoreFinding) => void;
}

/** Every metastore has it. */
const anyDatabase = "default";
const connectMs = 5_000;
/** A database that it has to open, a bucket that it has to ask. */
const callMs = 60_000;

/** Each question needs the one before: the first that is not well is the last. Answers whether all is well. */
export async function checkMetastore(options: CheckMetastore): Promise<boolean> {
  const { hosts, transport, writers, signal, onFinding } = options;
  const [{ openMetastore }, { proveMetastore }] = await Promise.all([
    import("./catalog/hive/metastore.ts"),
    import("./catalog/hive/prove.ts"),
  ]);
  const settings: HiveSettings = {
    ...{ kind: "hive", hosts, transport, connectMs, callMs },
    ...{ database: anyDatabase, location: undefined, tables: false, owner: "millrace" },
  };
  const metastore = openMetastore(settings);
  const ask = async (what: MetastoreFinding["what"], question: () => Promise<string>): Promise<boolean> => {
    try {
      onFinding({ what, ok: true, says: await question() });
      return true;
    } catch (error) {
      if (!(error instanceof Failure) || error.kind === "cancelled" || error.kind === "bug") throw error;
      onFinding({ what, ok: false, says: error.message, remedy: error.detail.remedy });
      return false;
    }
  };
  let location = "";
  try {
    const isWell =
      (await ask("answer", async () => {
        return `Hive Metastore ${await metastore.calls.version({ signal })} answers at ${metastore.where}`;
      })) &&
      (await ask("database", async () => {
        const database = await metastore.calls.database(anyDatabase, { signal });
        if (database === undefined) {
          throw new Failure("denied", `${metastore.address}: has no database ${anyDatabase}`, {
            remedy: "its schema is not whole: millrace metastore init on an empty database",
          });
        }
        location = database.location ?? "";
        return `its database answers; what names no place of its own lies in ${location}`;
      }));
    if (!isWell) return false;
    const hive = { settings, martsLocation: location, tablesLocation: location, databaseOf: () => undefined };
    return await ask("swaps", async () =>
      (await proveMetastore(metastore, hive, writers, { signal })).findings.join("; "),
    );
  } finally {
    metastore.close();
  }
}
