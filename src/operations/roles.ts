/**
 * Who does what in a lake, and which rights that takes in each of the three places. Rights are what the program uses and
 * nothing else: `test/roles.test.ts` runs every role under exactly these, and under one less.
 */
import type { PolicyRoleName, RoleName } from "../answers.ts";
import { probePrefix, removalPrefix } from "../model/layout.ts";
import type { StoreRight } from "../storage/contract.ts";

export type PlaceName = "raw" | "tables" | "marts";

export const placeNames: readonly PlaceName[] = ["raw", "tables", "marts"];

export interface Grant {
  readonly right: StoreRight;
  /** Only for keys that begin with one of these. Absent: for all keys of the place. */
  readonly below?: readonly string[];
}

export interface Role {
  /** The commands that somebody in this role can give. */
  readonly does: string;
  readonly rights: Readonly<Partial<Record<PlaceName, readonly Grant[]>>>;
}

/** Where a store is tried out before the first write, by objects that are removed again. */
export const stagingPrefix = "_staging/";

/** The catalog's log: what a mart is follows from it alone, so nobody has the right to delete there. */
export const catalogPrefix = "_catalog/";

const reads: readonly Grant[] = [{ right: "list" }, { right: "read" }];

const writes: readonly Grant[] = [
  ...reads,
  { right: "write" },
  // Of uploads that failed on the way; what was begun by others ends only in `gc`.
  { right: "abort uploads" },
  { right: "delete", below: [stagingPrefix] },
];

/** `writing`: below which prefixes it writes, beside the tests of the place and the object that tells the store's time. */
const collects = (...writing: readonly string[]): readonly Grant[] => [
  ...reads,
  { right: "delete" },
  { right: "list uploads" },
  { right: "abort uploads" },
  { right: "write", below: [stagingPrefix, probePrefix, ...writing] },
];

export const roles: Readonly<Record<RoleName, Role>> = {
  collector: { does: "run --only collect, watch --only collect, ack", rights: { raw: writes } },
  converter: { does: "run --only convert, watch --only convert", rights: { raw: reads, tables: writes } },
  marts: { does: "run --only marts, watch --only marts", rights: { tables: reads, marts: writes } },
  run: {
    does: "run and watch with all stages, plan, ack, verify --repair, rebuild-index",
    rights: { raw: writes, tables: writes, marts: writes },
  },
  gc: { does: "gc", rights: { raw: collects(), tables: collects(), marts: collects(catalogPrefix, removalPrefix) } },
  reader: { does: "query", rights: { tables: reads, marts: reads } },
  auditor: { does: "status, explain, schema, verify, plan", rights: { raw: reads, tables: reads, marts: reads } },
};

/** Where databases lie that a metastore has to create, unless the project says otherwise: nothing but their directories. */
export const databasesPrefix = "_databases/";

/**
 * A metastore opens the place of each table that it is told of, and makes the place of a database. It does so with credentials of
 * its own. `tables`: only where tables are registered as well.
 */
const metastore: Role = {
  does: "nothing of millrace: what the Hive Metastore itself needs",
  rights: { tables: reads, marts: [...reads, { right: "write", below: [databasesPrefix] }] },
};

export const policyRoles: Readonly<Record<PolicyRoleName, Role>> = { ...roles, metastore };
