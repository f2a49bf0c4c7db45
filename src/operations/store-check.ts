/**
 * Before the first write of an operation: whether the stores behind its places keep what a lake demands of them, and the
 * catalog of other tools its law. Each is tested under races once per machine and remembered in `.millrace/stores.json`, until
 * a month has passed, millrace has another version, or the store calls itself something else. Deleting that file costs the
 * time of the tests.
 */
import { Failure } from "../errors.ts";
import type { Report } from "../model/events.ts";
import type { Lake } from "../model/project.ts";
import type { MayWrite, Parts } from "../reconcile/parts.ts";
import type { ProbeFinding, Storage } from "../storage/contract.ts";
import type { PlaceName } from "./roles.ts";
import { openStoreNotes, type StoreNote, type StoreNotes } from "./store-notes.ts";

export interface StoreCheckOptions {
  readonly lake: Lake;
  readonly storages: Readonly<Record<PlaceName, Storage>>;
  /** Where other tools read the catalog: its name and address, and its test. */
  readonly catalog?: { readonly name: string; readonly prove: Parts["catalog"]["prove"] } | undefined;
  /** `.millrace/stores.json` */
  readonly notesFile: string;
  /** Of millrace. */
  readonly version: string;
  readonly clock: () => number;
}

const dayMs = 86_400_000;
const trustMs = 30 * dayMs;
/** A process that goes on for months asks the store for its name now and then. */
const greetingMs = 3_600_000;

export function storeCheck(options: StoreCheckOptions): MayWrite {
  const { lake, storages, clock } = options;
  const notes = openStoreNotes(options.notesFile);
  /** When each store was last found good by this process. */
  const checked = new Map<string, number>();
  return async (places, { signal, report } = {}) => {
    if (places.includes("catalog")) await checkCatalog(options, notes, checked, signal, report);
    const due = new Map<string, Storage>();
    for (const place of places) {
      if (place === "catalog") continue;
      const id = storeId(lake, place);
      if (id === undefined || clock() - (checked.get(id) ?? Number.NEGATIVE_INFINITY) < greetingMs) continue;
      // Places in one bucket are tested once.
      if (!due.has(id)) due.set(id, storages[place]);
    }
    const outcomes = await Promise.allSettled(
      [...due].map(async ([id, storage]) => {
        await checkStore(id, storage, options, notes, signal, report);
        checked.set(id, clock());
      }),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  };
}

/** `undefined` for a directory: a disk keeps the law, or says so with every call. */
function storeId(lake: Lake, name: PlaceName): string | undefined {
  const place = lake[name];
  return place.kind === "directory" ? undefined : `${place.store.endpoint ?? place.store.region} ${place.bucket}`;
}

async function checkStore(
  id: string,
  storage: Storage,
  { lake, version, clock }: StoreCheckOptions,
  notes: StoreNotes,
  signal: AbortSignal | undefined,
  report: Report | undefined,
): Promise<void> {
  const call = signal === undefined ? {} : { signal };
  const greeting: ProbeFinding[] = [];
  for await (const found of storage.probe({ depth: "greeting", ...call })) greeting.push(found);
  refuse(storage, greeting, lake.writers);
  const server = greeting.find((found) => found.server !== undefined)?.server ?? "";
  const known = await notes.find(id);
  if (known?.server === server && isTrusted(known, { lake, version, clock })) return;
  const began = performance.now();
  const findings: ProbeFinding[] = [];
  for await (const found of storage.probe({ depth: "races", ...call })) findings.push(found);
  report?.({ code: "store.tested", place: storage.name, tests: findings.length, ms: performance.now() - began });
  refuse(storage, findings, lake.writers);
  const at = new Date(clock()).toISOString();
  await notes.keep({ store: id, server, millrace: version, writers: lake.writers, at });
}

/** What a catalog calls itself is only known by asking it, and whether it keeps its law only by trying. */
async function checkCatalog(
  { catalog, lake, version, clock }: StoreCheckOptions,
  notes: StoreNotes,
  checked: Map<string, number>,
  signal: AbortSignal | undefined,
  report: Report | undefined,
): Promise<void> {
  if (catalog === undefined || checked.has(catalog.name)) return;
  const known = await notes.find(catalog.name);
  if (!isTrusted(known, { lake, version, clock })) {
    const began = performance.now();
    const { what, findings } = await catalog.prove(lake.writers, signal === undefined ? {} : { signal });
    report?.({ code: "catalog.tested", name: what, findings: findings.length, ms: performance.now() - began });
    const at = new Date(clock()).toISOString();
    await notes.keep({ store: catalog.name, server: what, millrace: version, writers: lake.writers, at });
  }
  checked.set(catalog.name, clock());
}

function isTrusted(
  known: StoreNote | undefined,
  { lake, version, clock }: Pick<StoreCheckOptions, "lake" | "version" | "clock">,
): boolean {
  return (
    known !== undefined &&
    known.millrace === version &&
    clock() - Date.parse(known.at) < trustMs &&
    (known.writers === "several" || lake.writers === "one")
  );
}

/** Throws for a store that lacks what this lake cannot do without. */
function refuse({ name }: Storage, findings: readonly ProbeFinding[], writers: Lake["writers"]): void {
  const broken = findings.filter(({ ok, needed }) => !ok && needed === "everyone");
  const shared = findings.filter(({ ok, needed }) => !ok && needed === "several writers");
  const faults = [...broken, ...(writers === "several" ? shared : [])];
  const [first] = faults;
  if (first === undefined) return;
  // Whoever gave no answer at all may do so later; an answer of this kind will be the same tomorrow.
  const kind = findings.some(({ server }) => server !== undefined) ? "denied" : "unavailable";
  const failureOf = ({ subject, finding, remedy }: ProbeFinding): Failure =>
    new Failure(kind, `${name}: ${subject}: ${finding}`, remedy === undefined ? {} : { remedy });
  if (faults.length === 1 && broken.length === 1) throw failureOf(first);
  const what =
    broken.length > 0
      ? "the store does not keep what a lake needs"
      : "the store does not keep several writers apart, and lake.writers is several";
  const remedy =
    broken.length > 0
      ? "mend what is named below, or move the lake to another store; `millrace doctor` makes all tests"
      : "set lake.writers to one if no other process ever writes to this lake, or move it to another store; `millrace doctor` makes all tests";
  throw new Failure(kind, `${name}: ${what}`, {
    remedy,
    others: faults.map(({ subject, finding }) => new Failure(kind, `${name}: ${subject}: ${finding}`)),
  });
}
