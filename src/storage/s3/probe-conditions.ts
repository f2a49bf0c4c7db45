/**
 * Conditions of writing: in sequence, and under races. In every second round the store has all requests before it has any
 * of them whole, so that one that looks at the condition first and writes later is caught however fast it is.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { bad, good, judgeRaces, type Round, raceRounds, raceWriters, type Verdict } from "../probe.ts";
import { field } from "./answer.ts";
import type { Ground } from "./probe-ground.ts";
import { inParallel, must, type Refused, type Reply } from "./probe-requests.ts";

const remedy = "let only one process write (lake.writers: one), or use a store that keeps If-None-Match and If-Match";

const text = (words: string): Buffer => Buffer.from(words);

export async function createsOnce(ground: Ground): Promise<Verdict> {
  const name = "condition/once";
  const first = await ground.put(name, text("first"), { IfNoneMatch: "*" });
  // A repeated request may meet its own effect.
  if (first.refusal !== undefined && !(first.repeated && first.refusal.status === 412)) {
    return bad(`a new object is refused (${first.refusal.code})`, remedy);
  }
  const second = await ground.put(name, text("second"), { IfNoneMatch: "*" });
  return refusedVerdict(ground, name, second, "the object that exists is kept");
}

export async function replacesOnlyThat(ground: Ground): Promise<Verdict> {
  const name = "condition/that";
  const { ETag: old } = must(await ground.put(name, text("base")));
  const right = await ground.put(name, text("first"), { IfMatch: old });
  if (right.refusal !== undefined && !(right.repeated && right.refusal.status === 412)) {
    return bad(`the right version is not replaced (${right.refusal.code})`, remedy);
  }
  const stale = await ground.put(name, text("second"), { IfMatch: old });
  return refusedVerdict(ground, name, stale, "only the version that was named is replaced");
}

/** The second writer must have been refused, and the first one's bytes must be there. */
async function refusedVerdict(ground: Ground, name: string, second: Reply<unknown>, fine: string): Promise<Verdict> {
  const kept = must(await ground.get(name)).bytes.equals(text("first"));
  if (second.refusal === undefined) {
    return bad(
      `the condition is ignored: the second writer ${kept ? "was told it had won" : "replaced the first one's object"}`,
      remedy,
    );
  }
  if (!kept) return bad("the second writer was refused, and yet its bytes are there", remedy);
  const { status, code } = second.refusal;
  if (status === 412 || status === 409) return good(`${fine} (${status})`);
  return bad(`the second writer is answered ${status} ${code}, not 412`, remedy);
}

export async function completesOnce(ground: Ground): Promise<Verdict> {
  const name = "condition/upload";
  const [first, second] = [
    must(await ground.upload(name, [text("first")])),
    must(await ground.upload(name, [text("second")])),
  ];
  const done = await ground.complete(first.upload, first.tags, { IfNoneMatch: "*" });
  if (done.refusal !== undefined && !done.repeated) {
    return bad(`an upload is not completed (${done.refusal.code})`, remedy);
  }
  const late = await ground.complete(second.upload, second.tags, { IfNoneMatch: "*" });
  return refusedVerdict(ground, name, late, "the object that exists is kept");
}

export function racesToCreate(ground: Ground): Promise<Verdict> {
  return races(ground, "race/create", raceRounds, async () => ({ IfNoneMatch: "*" }));
}

export function racesToReplace(ground: Ground): Promise<Verdict> {
  return races(ground, "race/replace", raceRounds, async (name) => ({
    IfMatch: must(await ground.put(name, text("base"))).ETag ?? "",
  }));
}

type Condition = { readonly IfNoneMatch: string } | { readonly IfMatch: string };

async function races(
  ground: Ground,
  dir: string,
  count: number,
  prepare: (name: string) => Promise<Condition>,
): Promise<Verdict> {
  const rounds: Round[] = [];
  const losers = new Losers();
  const numbers = Array.from({ length: count }, (_, round) => round);
  await inParallel(
    numbers,
    async (round) => {
      const name = `${dir}/${round}`;
      const condition = await prepare(name);
      const gate = makeGate(round % 2 === 0 ? raceWriters : 0);
      const outcomes = await Promise.all(
        Array.from({ length: raceWriters }, (_, writer) =>
          outcomeOf(() => gatedPut(ground, name, bodyOf(writer), condition, gate)),
        ),
      );
      losers.add(outcomes);
      rounds.push(await judge(ground, name, outcomes));
    },
    roundsAtOnce,
  );
  return losers.verdict(judgeRaces(rounds, raceWriters, losers.words()));
}

/** Each for a key of its own: where answers come late, races must not take minutes. */
const roundsAtOnce = 4;
const completeRounds = [0, 1, 2, 3, 4];

export async function racesToComplete(ground: Ground): Promise<Verdict> {
  const rounds: Round[] = [];
  const losers = new Losers();
  await inParallel(
    completeRounds,
    async (round) => {
      const name = `race/complete-${round}`;
      const writers = Array.from({ length: raceWriters }, (_, writer) => writer);
      const uploads = await Promise.all(
        writers.map(async (writer) => must(await ground.upload(name, [bodyOf(writer)]))),
      );
      const outcomes = await Promise.all(
        uploads.map(({ upload, tags }) => outcomeOf(() => ground.complete(upload, tags, { IfNoneMatch: "*" }))),
      );
      losers.add(outcomes);
      rounds.push(await judge(ground, name, outcomes));
      await inParallel(
        uploads.filter((_, at) => outcomes[at] !== "won"),
        ({ upload }) => ground.abort(upload),
      );
    },
    roundsAtOnce,
  );
  return losers.verdict(judgeRaces(rounds, raceWriters, losers.words()));
}

/** `won`; what the loser was told; `unsure` where a try without an answer may have been the winner. */
type Outcome = "won" | Refused["refusal"] | "unsure";

/** A conflict (409) is no answer to who has won: like every writer, ask again. */
const conflictTries = 8;

async function outcomeOf(write: () => Promise<Reply<unknown>>): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const reply = await write();
    if (reply.refusal === undefined) return "won";
    if (reply.refusal.status === 409 && tries < conflictTries) continue;
    return reply.repeated ? "unsure" : reply.refusal;
  }
}

/** Whose bytes are there in the end, and whether they are the winner's. */
async function judge(ground: Ground, name: string, outcomes: readonly Outcome[]): Promise<Round> {
  const read = await ground.get(name);
  if (read.refusal !== undefined && read.refusal.status !== 404) throw read.refusal.failure;
  const owner =
    read.refusal === undefined ? outcomes.findIndex((_, writer) => read.output.bytes.equals(bodyOf(writer))) : -1;
  const winners = outcomes.filter((outcome) => outcome === "won").length;
  if (winners > 0) return { winners, keptWinner: outcomes[owner] === "won" };
  // Nobody was told; somebody whose answer was lost may have won all the same.
  const unsure = outcomes[owner] === "unsure";
  return { winners: unsure ? 1 : 0, keptWinner: unsure };
}

/** What the losers were answered, over all rounds. */
class Losers {
  readonly #counts = new Map<string, number>();
  #strange = false;

  add(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (typeof outcome === "string") continue;
      const isUsual = outcome.status === 412 || outcome.status === 409;
      const answer = isUsual ? String(outcome.status) : `${outcome.status} ${outcome.code}`;
      this.#counts.set(answer, (this.#counts.get(answer) ?? 0) + 1);
      this.#strange ||= !isUsual;
    }
  }

  words(): string {
    const answers = [...this.#counts].map(([answer, count]) => `${count} were answered ${answer}`);
    return answers.join(", ");
  }

  /** Losers who are told something else than that they have lost would be taken for failures. */
  verdict(races: Verdict): Verdict {
    if (!races.ok) return races;
    return this.#strange ? bad(`${races.finding}: not all 412`, remedy) : races;
  }
}

/** Long enough that a store does not write it in one step, different in every byte. */
const bodyOf = (writer: number): Buffer => Buffer.alloc(16 * 1024, 65 + writer);

/** Opens when all have come (none: at once), or after a while: what stands between may pass fewer requests at a time. */
interface Gate {
  arrive(): Promise<void>;
}

const gateMsMax = 1_000;
/** What was handed to the sockets must have arrived when the last bytes set out. Milliseconds. */
const settleMs = 5;

function makeGate(count: number): Gate {
  let waiting = count;
  const opened = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  return {
    arrive() {
      if (count === 0) return Promise.resolve();
      waiting--;
      timer ??= setTimeout(opened.resolve, gateMsMax);
      if (waiting <= 0) {
        clearTimeout(timer);
        timer = setTimeout(opened.resolve, settleMs);
      }
      return opened.promise;
    },
  };
}

/** A put that holds back its last byte until the gate opens. A repetition finds the gate open. */
function gatedPut(
  ground: Ground,
  name: string,
  bytes: Buffer,
  condition: Condition,
  gate: Gate,
): Promise<Reply<unknown>> {
  const { client, sdk, bucket: Bucket } = ground.store;
  const Key = ground.root + name;
  ground.written.add(Key);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return ground.ask({ action: "put" }, (options) => {
    const Body = Readable.from(held(bytes, gate), { objectMode: false });
    const command = new sdk.PutObjectCommand({ Bucket, Key, Body, ContentLength: bytes.length, ...condition });
    command.middlewareStack.add(
      (next) => (args) => {
        // A stream cannot be read twice, so its checksum is given to the signature.
        const headers = field(args.request, "headers");
        if (typeof headers === "object" && headers !== null) Reflect.set(headers, "x-amz-content-sha256", sha256);
        return next(args);
      },
      { step: "build", name: "giveChecksum" },
    );
    return client.send(command, options);
  });
}

async function* held(bytes: Buffer, gate: Gate): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, -1);
  await gate.arrive();
  yield bytes.subarray(-1);
}
