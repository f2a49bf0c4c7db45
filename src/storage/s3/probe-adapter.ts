/** The adapter itself on this store: every header and every name that millrace will use, below the probe's ground. */
import { randomBytes } from "node:crypto";
import { stopIfAborted } from "../../pace/abort.ts";
import { realEffects } from "../../pace/effects.ts";
import type { Storage } from "../contract.ts";
import { compareKeys } from "../keys.ts";
import { bad, good, type Verdict } from "../probe.ts";
import { withRetry } from "../retry.ts";
import type { Store } from "./client.ts";
import type { Ground } from "./probe-ground.ts";
import { inParallel, patient } from "./probe-requests.ts";

/** A storage of this kind in another place of the same store. */
export type StorageAt = (store: Store) => Storage;

const oddNames: readonly string[] = [
  "two words/with  spaces",
  "src=2026-03-01-00/data.parquet",
  "plus+sign",
  "percent%20%2F",
  "ünïcode/日本/Ωmega",
  "emoji/🦀",
  "marks/a'(b)!*,;@$&[c]{d}~",
];

const hiddenName = "_hidden/object";

export async function asMillraceDoes(ground: Ground, storageAt: StorageAt): Promise<Verdict> {
  const { store, signal } = ground;
  const below = `${ground.root}own`;
  const naive = storageAt({ ...store, prefix: below, name: `s3://${store.bucket}/${below}` });
  const storage = withRetry(naive, patient, realEffects);
  const call = { signal: ground.cut };
  const wrong: string[] = [];
  await inParallel([...oddNames, hiddenName], async (name) => {
    stopIfAborted(signal);
    ground.written.add(`${below}/${name}`);
    const metadata = { name };
    const wish = { ...call, metadata, putId: randomBytes(16).toString("hex") };
    const made = await storage.putIfAbsent(name, Buffer.from(name), wish);
    if (made === undefined) wrong.push(`"${name}" is said to exist`);
    const found = await storage.head(name, call);
    if (found === undefined || found.token !== made?.token) wrong.push(`"${name}" is not found again as it was put`);
    else if (found.metadata?.name !== name) wrong.push(`"${name}" has lost its metadata`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of storage.read(name, { ...call, ...(made === undefined ? {} : { token: made.token }) })) {
      chunks.push(chunk);
    }
    if (Buffer.concat(chunks).toString() !== name) wrong.push(`"${name}" reads back other bytes`);
  });
  const listed: string[] = [];
  for await (const page of storage.list("", call)) listed.push(...page.map(({ key }) => key));
  const expected = [...oddNames].sort(compareKeys);
  for (const name of expected) if (!listed.includes(name)) wrong.push(`"${name}" is listed otherwise or not at all`);
  if (listed.includes(hiddenName)) wrong.push("what begins with _ is listed");
  return wrong.length === 0
    ? good("spaces, =, +, %, quotes, brackets and Unicode are kept")
    : bad(wrong.join("; "), "use a store, and a proxy before it, that keep names and headers as they are");
}
