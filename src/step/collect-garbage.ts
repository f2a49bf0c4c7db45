/**
 * Takes away what was found to be garbage. What makes an object findable goes first, so that a removal which is cut short
 * leaves something that no reader takes for whole and the next collection knows again.
 */
import type { Catalog, CatalogRecord, Dated } from "../catalog/contract.ts";
import { manifestFile, probePrefix, removalKey, timeProbeKey } from "../model/layout.ts";
import type { ObjectInfo, Storage } from "../storage/contract.ts";
import { readPartitionFacts } from "./partition.ts";

interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * What time it is for the store, milliseconds since the epoch: the time of an object that is written for that and removed
 * again. Our own clock may be days ahead, and would make everything look old.
 */
export async function storeTime(storage: Storage, id: string, call: CallOptions): Promise<number> {
  const key = timeProbeKey(id);
  const put = await storage.put(key, Buffer.from(id), call);
  // The time that a listing shows, to the same fraction of a second as those that it is compared with.
  const listed = (await leftProbes(storage, call)).find((object) => object.key === key);
  await storage.remove(key, call);
  return listed?.modifiedMs ?? put.modifiedMs;
}

/** The small objects with which the place itself was tried out. */
export function leftProbes(storage: Storage, call: CallOptions): Promise<readonly ObjectInfo[]> {
  return allBelow(storage, probePrefix, call);
}

export async function allBelow(storage: Storage, prefix: string, call: CallOptions): Promise<readonly ObjectInfo[]> {
  const objects: ObjectInfo[] = [];
  for await (const page of storage.list(prefix, call)) objects.push(...page);
  return objects;
}

/** A mart's records from the newest back to where `isEnough` says so, or to the first. */
export async function readChain(
  catalog: Catalog,
  mart: string,
  isEnough: (chain: readonly Dated[]) => boolean,
  call: CallOptions,
): Promise<readonly Dated[]> {
  const chain: Dated[] = [];
  for await (const record of catalog.history(mart, call)) {
    chain.push(record);
    if (isEnough(chain)) break;
  }
  return chain;
}

/**
 * Takes the next number of the log away from whoever wants to publish under it. Readers see the same version as before.
 * `false` means that another record has the number: look again.
 */
export async function fence(
  catalog: Catalog,
  mart: string,
  head: Dated,
  effects: { readonly clock: () => number; readonly newId: () => string },
  call: CallOptions,
): Promise<boolean> {
  const record: CatalogRecord = {
    kind: "fence",
    version: head.record.version,
    publishId: effects.newId(),
    parent: head.number,
    at: new Date(effects.clock()).toISOString(),
    ...(head.record.rollback === true ? { rollback: true } : {}),
  };
  return (await catalog.append(mart, head.number, record, call)) !== undefined;
}

interface Directory {
  readonly mart: string;
  readonly name: string;
  readonly objects: readonly ObjectInfo[];
}

/** Says that a version is about to be removed, to whoever would publish it again; answers the mark's key. */
export async function announceRemoval(storage: Storage, { mart, name }: Directory, call: CallOptions): Promise<string> {
  const key = removalKey(mart, name);
  await storage.put(key, Buffer.from(`${name}\n`), call);
  return key;
}

/**
 * Removes a version's directory. The manifest goes first: what remains of the directory then looks like a publication that
 * died before it was whole, and never like a version. The mark of its removal goes last.
 */
export async function removeVersion(storage: Storage, directory: Directory, call: CallOptions): Promise<void> {
  const isManifest = ({ key }: ObjectInfo): boolean => key.endsWith(`/${manifestFile}`);
  const ordered = [
    ...directory.objects.filter(isManifest),
    ...directory.objects.filter((object) => !isManifest(object)),
  ];
  for (const { key } of ordered) await storage.remove(key, call);
  await storage.remove(removalKey(directory.mart, directory.name), call);
}

/**
 * Removes rejected lines, unless their partition names them after all or they were put anew: this is asked once more, of
 * the objects themselves, because a listing may be behind. `false`: they stay.
 */
export async function removeRejected(
  storage: Storage,
  rejected: {
    readonly object: ObjectInfo;
    readonly partitionKey: string;
    readonly isNamed: (sha256: string) => boolean;
  },
  call: CallOptions,
): Promise<boolean> {
  const partition = await storage.head(rejected.partitionKey, call);
  if (partition !== undefined) {
    const { rawSha256 } = await readPartitionFacts(storage, partition, call.signal);
    if (rejected.isNamed(rawSha256)) return false;
  }
  const now = await storage.head(rejected.object.key, call);
  if (now !== undefined && now.token !== rejected.object.token) return false;
  await storage.remove(rejected.object.key, call);
  return true;
}

/**
 * Removes a raw object with its revisions, in the order given, unless a partition that was made from it is no longer the
 * one that was seen. `false`: it stays.
 */
export async function removeExpired(
  places: { readonly raw: Storage; readonly tables: Storage },
  expired: {
    readonly objects: readonly ObjectInfo[];
    readonly partitions: readonly { readonly key: string; readonly token: string }[];
  },
  call: CallOptions,
): Promise<boolean> {
  for (const { key, token } of expired.partitions) {
    if ((await places.tables.head(key, call))?.token !== token) return false;
  }
  for (const { key } of expired.objects) await places.raw.remove(key, call);
  return true;
}
