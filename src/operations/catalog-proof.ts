/** What proves a record of a mart's log that is lost or damaged: the version that it published, or what is registered. */
import type { Registered } from "../catalog/contract.ts";
import { asFailure } from "../errors.ts";
import { manifestFile, manifestKey, parseVersionName, partKey } from "../model/layout.ts";
import type { Parts } from "../reconcile/parts.ts";
import { hashStored } from "../step/hash-stored.ts";
import { filesOf, type Manifest, readManifest } from "../step/manifest.ts";
import type { PublishRecord } from "./catalog-state.ts";

export type Proof =
  | { readonly record: PublishRecord; readonly by: string }
  | { readonly record: undefined; readonly reason: string };

interface Whole {
  readonly manifest: Manifest;
  readonly manifestSha256: string;
}

/**
 * A record that published a version first can be told from the version itself: its name carries the number. Two whole
 * versions of one number are no proof, since one of them lost its swap. One that went back to an older version can only be told
 * from what is registered under the mart's name, which also decides between two.
 */
export async function provenRecord(
  { marts }: Pick<Parts, "marts">,
  mart: string,
  number: number,
  registered: Registered | undefined,
  signal: AbortSignal | undefined,
): Promise<Proof> {
  const shown = await registeredRecord(marts, mart, number, registered, signal);
  if (shown !== undefined) return { record: shown, by: `the registration ${registered?.name}` };
  const proofs: Whole[] = [];
  const call = signal === undefined ? {} : { signal };
  for await (const page of marts.list(`${mart}/`, { leaf: manifestFile, ...call })) {
    for (const { key } of page) {
      const version = key.slice(mart.length + 1, -manifestFile.length - 1);
      if (parseVersionName(version)?.number !== number) continue;
      const whole = await readWhole(marts, mart, version, signal);
      if (whole?.manifest.parent === number - 1) proofs.push(whole);
    }
  }
  const [proof, another] = proofs;
  if (another !== undefined)
    return { record: undefined, reason: "more than one version could have been published by it" };
  if (proof === undefined) return { record: undefined, reason: "no whole version proves it" };
  const { version, publishId, parent, at } = proof.manifest;
  const { manifestSha256 } = proof;
  return { record: { kind: "publish", version, publishId, parent, at, manifestSha256 }, by: `version ${version}` };
}

/** The record that a registration tells of, if its version is whole. */
async function registeredRecord(
  marts: Parts["marts"],
  mart: string,
  number: number,
  registered: Registered | undefined,
  signal: AbortSignal | undefined,
): Promise<PublishRecord | undefined> {
  if (registered?.kind !== "ours" || registered.number !== number) return undefined;
  const { version, publishId, at, manifestSha256 } = registered;
  const first = parseVersionName(version)?.number;
  if (first === undefined || first > number || at === undefined || manifestSha256 === undefined) return undefined;
  const whole = await readWhole(marts, mart, version, signal);
  if (whole?.manifestSha256 !== manifestSha256) return undefined;
  const rollback = first === number ? {} : ({ rollback: true } as const);
  return { kind: "publish", version, publishId, parent: number - 1, at, manifestSha256, ...rollback };
}

/** The version's manifest, if all that it names is there and as it says. */
async function readWhole(
  marts: Parts["marts"],
  mart: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<Whole | undefined> {
  const call = signal === undefined ? {} : { signal };
  try {
    const info = await marts.head(manifestKey(mart, version), call);
    if (info === undefined) return undefined;
    const { sha256: manifestSha256 } = await hashStored(marts, info, signal);
    const manifest = await readManifest(marts, mart, version, signal);
    for (const { name, sha256 } of filesOf(manifest)) {
      const part = await marts.head(partKey(mart, version, name), call);
      if (part === undefined || (await hashStored(marts, part, signal)).sha256 !== sha256) return undefined;
    }
    return { manifest, manifestSha256 };
  } catch (error) {
    const failure = asFailure(error);
    if (failure.kind === "corrupt" || failure.kind === "missing") return undefined;
    throw failure;
  }
}
