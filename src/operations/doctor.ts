/** Tests every connection and right that the project needs, and says what to do about each finding. */
import type { DoctorReport } from "../answers.ts";
import { asFailure, Failure } from "../errors.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Storage } from "../storage/contract.ts";

type Finding = DoctorReport["checks"][number];

export async function doctor(parts: Parts, options: { readonly signal?: AbortSignal }): Promise<DoctorReport> {
  const checks: Finding[] = [];
  const check = async (subject: string, job: () => Promise<string>): Promise<void> => {
    const begun = performance.now();
    const ms = (): number => Math.round(performance.now() - begun);
    try {
      checks.push({ subject, ok: true, finding: await job(), remedy: undefined, ms: ms() });
    } catch (error) {
      options.signal?.throwIfAborted();
      const failure = asFailure(error);
      checks.push({ subject, ok: false, finding: failure.message, remedy: failure.detail.remedy, ms: ms() });
    }
  };
  await check("node", async () => `${process.version} on ${process.platform} ${process.arch}`);
  await check(
    "project",
    async () =>
      `${parts.project.file ?? "in memory"}: ${parts.project.sources.size} sources, ${parts.project.tables.size} tables, ${parts.project.marts.size} marts`,
  );
  for (const [place, storage] of [
    ["raw", parts.raw],
    ["tables", parts.tables],
    ["marts", parts.marts],
  ] as const) {
    await check(`lake.${place} (${storage.name})`, () => probeStorage(storage, parts.newId(), options.signal));
  }
  for (const name of parts.project.sources.keys()) {
    await check(`source ${name}`, async () => (await parts.source(name)).probe(callOptions(options.signal)));
  }
  await check("engine", async () => (await parts.engine()).version());
  await check("catalog", async () => {
    const marts = await parts.catalog.marts(callOptions(options.signal));
    return `${parts.catalog.name}: ${marts.length} marts`;
  });
  return { checks };
}

/** Writes, lists, reads and removes one small object, and lets two writers race for one key. */
async function probeStorage(storage: Storage, id: string, signal: AbortSignal | undefined): Promise<string> {
  const call = callOptions(signal);
  const key = `_probe/${id}/object`;
  const raced = `_probe/${id}/raced`;
  const bytes = new TextEncoder().encode(id);
  try {
    await storage.put(key, bytes, call);
    const found = await storage.head(key, call);
    if (found?.size !== bytes.length)
      throw new Failure("corrupt", `wrote ${bytes.length} bytes, found ${found?.size ?? "none"}`);
    let listed = 0;
    for await (const page of storage.list(`_probe/${id}/`, call)) listed += page.length;
    if (listed !== 1) throw new Failure("corrupt", `wrote 1 object, the listing shows ${listed}`);
    const wins = await Promise.all(Array.from({ length: 8 }, () => storage.putIfAbsent(raced, bytes, call)));
    const winners = wins.filter((win) => win !== undefined).length;
    if (winners !== 1)
      throw new Failure("conflict", `${winners} of 8 racing writers won put-if-absent`, {
        remedy:
          "only one millrace at a time may write to this place; move the lake to a local disk or a store that honours the condition",
      });
  } finally {
    await storage.remove(key, call);
    await storage.remove(raced, call);
  }
  return "put, list, read, remove and put-if-absent under a race all hold";
}
