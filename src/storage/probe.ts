/** Tests of the storage contract that need nothing but the contract, and what the tests of every kind of storage share. */
import { randomBytes } from "node:crypto";
import { asFailure } from "../errors.ts";
import { stopIfAborted } from "../pace/abort.ts";
import type { ProbeFinding, ProbeOptions, Storage } from "./contract.ts";

/** One store is known that keeps a condition in sequence and breaks it in two of three rounds of a race. */
export const raceRounds = 20;
export const raceWriters = 8;

export interface ProbeTest extends Pick<ProbeFinding, "subject" | "needed" | "right"> {
  run(): Promise<Verdict>;
}

export type Verdict = Pick<ProbeFinding, "ok" | "finding"> & { readonly remedy?: string | undefined };

export const good = (finding: string): Verdict => ({ ok: true, finding });
export const bad = (finding: string, remedy?: string): Verdict => ({ ok: false, finding, remedy });

/** Runs one test; its error is a finding, except a stop. */
export async function tried(
  { subject, needed, right, run }: ProbeTest,
  signal: AbortSignal | undefined,
): Promise<ProbeFinding> {
  stopIfAborted(signal);
  const about = { subject, needed, ...(right === undefined ? {} : { right }) };
  try {
    return { ...about, remedy: undefined, ...(await run()) };
  } catch (error) {
    stopIfAborted(signal);
    const failure = asFailure(error);
    return { ...about, ok: false, finding: failure.message, remedy: failure.detail.remedy };
  }
}

/** Runs one test after the other. */
export async function* findings(
  tests: readonly ProbeTest[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ProbeFinding> {
  for (const test of tests) yield await tried(test, signal);
}

/** What came of one round of writers that raced for one key. */
export interface Round {
  /** How many were told that they had won. */
  readonly winners: number;
  /** Whether what is read afterwards is what the winner wrote, every byte of it. */
  readonly keptWinner: boolean;
}

const racesRemedy =
  "let only one process write (lake.writers: one), or move the lake to a place that keeps racing writers apart";

export function judgeRaces(rounds: readonly Round[], writers: number, losers = ""): Verdict {
  const seen = `${rounds.length} rounds of ${writers} writers`;
  const many = rounds.filter(({ winners }) => winners > 1).map(({ winners }) => winners);
  const none = rounds.filter(({ winners }) => winners === 0).length;
  const other = rounds.filter(({ winners, keptWinner }) => winners === 1 && !keptWinner).length;
  const faults = [
    ...(many.length === 0 ? [] : [`${roundsText(many.length)} had ${spanText(many)} winners`]),
    ...(none === 0 ? [] : [`${roundsText(none)} had no winner`]),
    ...(other === 0 ? [] : [`after ${roundsText(other)} other bytes than the winner's were there`]),
  ];
  if (faults.length > 0) return bad(`${seen}: ${faults.join(", ")}`, racesRemedy);
  return good(`${seen}, one winner each${losers === "" ? "" : `; ${losers}`}`);
}

const roundsText = (count: number): string => `${count} ${count === 1 ? "round" : "rounds"}`;

function spanText(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(most) : `${least} to ${most}`;
}

/** What any storage must do, tested through its own contract. */
export function contractTests(
  storage: Pick<Storage, "put" | "putIfAbsent" | "head" | "list" | "read" | "remove">,
  { depth, access = "write", signal }: ProbeOptions,
): readonly ProbeTest[] {
  const call = signal === undefined ? {} : { signal };
  const bytesOf = async (key: string): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of storage.read(key, call)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const place = `_probe/${randomBytes(8).toString("hex")}/`;
  const removing = async <T>(keys: readonly string[], work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      for (const key of keys) await storage.remove(key);
    }
  };
  const list: ProbeTest = {
    subject: "list",
    needed: "everyone",
    right: "list",
    async run() {
      for await (const _ of storage.list("", call)) return good("allowed");
      return good("allowed; nothing is there yet");
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
        return (await bytesOf(key)).equals(bytes) ? good("all hold") : bad("reads back other bytes than were written");
      }),
  };
  const races: ProbeTest = {
    subject: "put-if-absent under a race",
    needed: "several writers",
    async run() {
      const rounds: Round[] = [];
      for (let round = 0; round < raceRounds; round++) {
        const key = `${place}raced-${round}`;
        const body = (writer: number): Buffer => Buffer.alloc(4096, 65 + writer);
        rounds.push(
          await removing([key], async () => {
            const tries = Array.from({ length: raceWriters }, (_, writer) =>
              storage.putIfAbsent(key, body(writer), call),
            );
            const won = (await Promise.all(tries)).flatMap((info, writer) => (info === undefined ? [] : [writer]));
            const [first] = won;
            const keptWinner = first !== undefined && (await bytesOf(key)).equals(body(first));
            return { winners: won.length, keptWinner };
          }),
        );
      }
      return judgeRaces(rounds, raceWriters);
    },
  };
  if (access === "read") return depth === "greeting" ? [] : [list];
  if (depth === "greeting") return [];
  return depth === "races" ? [races] : [whole, races];
}
