/** Tests of the storage contract that need nothing but the contract: what `probe` does on disk and in memory, and first on S3. */
import { randomBytes } from "node:crypto";
import { asFailure } from "../errors.ts";
import { stopIfAborted } from "../pace/abort.ts";
import type { ProbeFinding, ProbeOptions, Storage } from "./contract.ts";

const rounds = 20;
const writers = 8;

/** Runs one test after the other; an error of a test is its finding, except a stop. */
export async function* findings(
  tests: readonly ProbeTest[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ProbeFinding> {
  for (const { subject, needed, run } of tests) {
    stopIfAborted(signal);
    try {
      yield { subject, needed, remedy: undefined, ...(await run()) };
    } catch (error) {
      stopIfAborted(signal);
      const failure = asFailure(error);
      yield { subject, needed, ok: false, finding: failure.message, remedy: failure.detail.remedy };
    }
  }
}

export interface ProbeTest {
  readonly subject: string;
  readonly needed: ProbeFinding["needed"];
  run(): Promise<Pick<ProbeFinding, "ok" | "finding"> & { readonly remedy?: string }>;
}

/** What any storage must do, tested through its own contract. */
export function contractTests(
  storage: Pick<Storage, "put" | "putIfAbsent" | "head" | "list" | "read" | "remove">,
  { depth, signal }: ProbeOptions,
): readonly ProbeTest[] {
  const call = signal === undefined ? {} : { signal };
  const place = `_probe/${randomBytes(8).toString("hex")}/`;
  const removing = async <T>(keys: readonly string[], work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      for (const key of keys) await storage.remove(key, call);
    }
  };
  const races: ProbeTest = {
    subject: "put-if-absent under a race",
    needed: "several writers",
    async run() {
      const lost: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const key = `${place}raced-${round}`;
        const winners = await removing([key], async () => {
          const tries = Array.from({ length: writers }, (_, at) =>
            storage.putIfAbsent(key, Buffer.from(`${at}`), call),
          );
          return (await Promise.all(tries)).filter((info) => info !== undefined).length;
        });
        if (winners !== 1) lost.push(winners);
      }
      const seen = `${rounds} rounds of ${writers} racing writers`;
      return lost.length === 0
        ? { ok: true, finding: `${seen}, one winner each` }
        : {
            ok: false,
            finding: `${seen}: ${lost.length} had ${Math.min(...lost)} to ${Math.max(...lost)} winners`,
            remedy:
              "let only one process write (lake.writers: one), or move the lake to a place that keeps racing writers apart",
          };
    },
  };
  const whole: ProbeTest = {
    subject: "put, list, read, remove",
    needed: "everyone",
    run: () =>
      removing([`${place}object`], async () => {
        const key = `${place}object`;
        const bytes = Buffer.from(place);
        await storage.put(key, bytes, call);
        const found = await storage.head(key, call);
        if (found?.size !== bytes.length) return bad(`wrote ${bytes.length} bytes, found ${found?.size ?? "none"}`);
        let listed = 0;
        for await (const page of storage.list(place, call)) listed += page.length;
        if (listed !== 1) return bad(`wrote 1 object, the listing shows ${listed}`);
        const chunks: Uint8Array[] = [];
        for await (const chunk of storage.read(key, call)) chunks.push(chunk);
        if (!Buffer.concat(chunks).equals(bytes)) return bad("reads back other bytes than were written");
        return { ok: true, finding: "all hold" };
      }),
  };
  return depth === "races" ? [races] : [whole, races];
}

const bad = (finding: string): Pick<ProbeFinding, "ok" | "finding"> => ({ ok: false, finding });
