/**
 * Tests a store like a suspicious engineer, finding after finding: can it be reached, what may we do there, and does it
 * keep what several writers rely on, under real races and not only in sequence. Everything that is written lies below
 * `_staging/probe-<id>/` and is removed at the end, also after a stop.
 */
import type { Failure } from "../../errors.ts";
import { stopIfAborted } from "../../pace/abort.ts";
import type { ProbeFinding, ProbeOptions, StoreRight } from "../contract.ts";
import { bad, good, type ProbeTest, tried, type Verdict } from "../probe.ts";
import type { Store } from "./client.ts";
import { asMillraceDoes, type StorageAt } from "./probe-adapter.ts";
import {
  completesOnce,
  createsOnce,
  racesToComplete,
  racesToCreate,
  racesToReplace,
  replacesOnlyThat,
} from "./probe-conditions.ts";
import {
  clockVerdict,
  type Greeting,
  greet,
  reachableFinding,
  signatureVerdict,
  tlsVerdict,
} from "./probe-greeting.ts";
import { type Ground, makeGround } from "./probe-ground.ts";
import { longListing, pagedListing } from "./probe-listing.ts";
import {
  mayDelete,
  mayRead,
  mayReadAbsent,
  mayWrite,
  metadata,
  ranges,
  readsAfterDeletes,
  readsAfterWrites,
  readsOfOneVersion,
  uploadChecksums,
} from "./probe-objects.ts";
import { must } from "./probe-requests.ts";
import { mayAbortUploads, mayListUploads, uploadInParts } from "./probe-uploads.ts";
import { noStore } from "./version.ts";

/** A test, the rights without which it would only repeat their denial, and the least depth at which it is made. */
interface StoreTest extends ProbeTest {
  readonly demands: readonly StoreRight[];
  readonly depth: "races" | "all";
}

/** `storageAt` opens the adapter itself in another place of the store. */
export async function* probeStore(
  store: Store,
  storageAt: StorageAt,
  options: ProbeOptions,
): AsyncGenerator<ProbeFinding> {
  const { depth, access = "write", signal } = options;
  const ground = makeGround(store, signal);
  try {
    if (depth === "all") yield profileFinding(store);
    const greeting = yield* greetings(ground, depth);
    if (greeting === undefined || depth === "greeting") return;
    const lacking = new Set<StoreRight>();
    const left: string[] = [];
    for (const test of testsOf(ground, storageAt, greeting, access)) {
      if (test.depth === "all" && depth !== "all") continue;
      if (test.demands.some((right) => lacking.has(right))) {
        left.push(test.subject);
        continue;
      }
      const found = await tried(test, signal);
      if (found.right !== undefined && !found.ok) lacking.add(found.right);
      yield tidy(store, found);
    }
    if (left.length > 0) yield leftOut(left, lacking);
    if (access === "write") yield tidy(store, await tried(cleaning(ground, lacking), signal));
  } finally {
    // After a stop or an error; what `cleaning` removed is not asked for again.
    if (!ground.isClear()) await ground.clear().catch(() => undefined);
    ground.end();
  }
}

/** Whether the store can be reached and lets us in; `undefined` if nothing else can be tested. */
async function* greetings(
  ground: Ground,
  depth: ProbeOptions["depth"],
): AsyncGenerator<ProbeFinding, Greeting | undefined> {
  const { store, signal } = ground;
  let greeting: Greeting | undefined;
  const first = await tried(
    {
      subject: "reachable",
      needed: "everyone",
      async run() {
        greeting = await greet(ground);
        return good("");
      },
    },
    signal,
  );
  if (greeting === undefined) {
    yield tidy(store, first);
    return undefined;
  }
  const { wire, reply } = greeting;
  if (wire !== undefined) {
    const latenciesMs = depth === "all" && reply.refusal === undefined ? await latencies(ground) : [];
    yield reachableFinding(wire, latenciesMs);
    const tls = tlsVerdict(wire);
    yield { subject: "TLS", needed: "nobody", remedy: undefined, ...tls };
    yield { subject: "clock", needed: "everyone", remedy: undefined, ...clockVerdict(wire.aheadMs) };
  }
  const stranger = strangeAnswer(store, greeting);
  if (stranger === undefined) return greeting;
  const { message, detail } = stranger;
  yield tidy(store, { subject: "sign in", needed: "everyone", ok: false, finding: message, remedy: detail.remedy });
  return undefined;
}

/** Why there is nothing to be tested, though there is an answer. */
function strangeAnswer(store: Store, { reply }: Greeting): Failure | undefined {
  // Who may not list is known all the same, and may be allowed to do other things.
  if (reply.refusal !== undefined) return reply.refusal.code === "AccessDenied" ? undefined : reply.refusal.failure;
  const { Name, KeyCount, IsTruncated, Contents } = reply.output;
  const isListing = [Name, KeyCount, IsTruncated, Contents].some((field) => field !== undefined);
  return isListing ? undefined : noStore(store, undefined);
}

const latencyRequests = 4;

async function latencies(ground: Ground): Promise<readonly number[]> {
  const found: number[] = [];
  for (let at = 0; at < latencyRequests; at++) found.push((await greet(ground)).wire?.latencyMs ?? 0);
  return found;
}

function testsOf(
  ground: Ground,
  storageAt: StorageAt,
  { reply }: Greeting,
  access: "read" | "write",
): readonly StoreTest[] {
  type Needed = ProbeFinding["needed"];
  const test = (
    subject: string,
    needed: Needed,
    demands: readonly StoreRight[],
    run: (ground: Ground) => Promise<Verdict>,
    depth: "races" | "all" = "races",
  ): StoreTest => ({ subject, needed, demands, depth, run: () => run(ground) });
  const right = (
    name: StoreRight,
    needed: Needed,
    demands: readonly StoreRight[],
    run: (ground: Ground) => Promise<Verdict>,
    depth: "races" | "all" = "races",
  ): StoreTest => ({ ...test(`right to ${name}`, needed, demands, run, depth), right: name });
  const rw: readonly StoreRight[] = ["write", "read"];
  const rwl: readonly StoreRight[] = ["write", "read", "list"];
  const mayList = async (): Promise<Verdict> => {
    must(reply);
    return good("allowed");
  };
  if (access === "read") {
    return [
      test("signature", "nobody", ["list"], (each) => signatureVerdict(each, "read"), "all"),
      right("list", "everyone", [], mayList),
      right("read", "everyone", ["list"], mayReadAbsent),
    ];
  }
  return [
    right("list", "everyone", [], mayList),
    right("write", "everyone", [], mayWrite),
    right("read", "everyone", ["write"], mayRead),
    right("delete", "gc", ["write"], mayDelete),
    right("abort uploads", "gc", ["write"], mayAbortUploads, "all"),
    right("list uploads", "gc", ["write"], mayListUploads, "all"),
    test("signature", "nobody", ["write"], (each) => signatureVerdict(each, "write"), "all"),
    test("read after write", "everyone", rwl, readsAfterWrites),
    test("read after delete", "everyone", rwl, readsAfterDeletes),
    test("ranges", "everyone", rw, ranges),
    test("read of one version", "several writers", rw, readsOfOneVersion),
    test("metadata", "everyone", rw, metadata),
    test("names", "everyone", rwl, (each) => asMillraceDoes(each, storageAt)),
    test("checksums", "nobody", ["write"], uploadChecksums, "all"),
    test("upload in parts", "everyone", rw, uploadInParts, "all"),
    test("listing by pages", "everyone", rwl, pagedListing),
    test("listing beyond 1,000", "everyone", rwl, longListing, "all"),
    test("If-None-Match", "several writers", rw, createsOnce),
    test("If-None-Match, raced", "several writers", rw, racesToCreate),
    test("If-Match", "several writers", rw, replacesOnlyThat),
    test("If-Match, raced", "several writers", rw, racesToReplace),
    test("upload's condition", "several writers", rw, completesOnce),
    test("upload's condition, raced", "several writers", rw, racesToComplete),
  ];
}

function profileFinding({ settings, profile }: Store): ProbeFinding {
  const known = profile.verified
    ? "the project's own tests run against it"
    : `not verified by a run of ours, what is assumed comes from ${profile.source}`;
  return {
    subject: "store",
    needed: "nobody",
    ...good(`${profile.title} (s3.store: ${settings.profile}): ${known}`),
    remedy: undefined,
  };
}

function leftOut(subjects: readonly string[], lacking: ReadonlySet<StoreRight>): ProbeFinding {
  const rights = [...lacking].map((right) => `to ${right}`).join(", ");
  const finding = `${subjects.length} tests, for lack of the right ${rights}: ${subjects.join(", ")}`;
  return { subject: "not tested", needed: "nobody", ...bad(finding), remedy: undefined };
}

/** What an interrupted probe left behind may be an hour's work of another one that still runs. Milliseconds. */
const leftoverMs = 3_600_000;

function cleaning(ground: Ground, lacking: ReadonlySet<StoreRight>): ProbeTest {
  return {
    subject: "cleaning up",
    needed: "gc",
    async run() {
      const own = ground.written.size;
      if (!lacking.has("list")) await findLeftovers(ground);
      const found = ground.written.size;
      const refused = await ground.clear();
      stopIfAborted(ground.signal);
      const [objects, uploads] = [ground.written.size, ground.uploads.size];
      if (objects + uploads > 0) {
        return bad(
          `${objects.toLocaleString("en")} objects and ${uploads} open uploads stay below ${ground.root}`,
          refused?.detail.remedy ?? "remove them by hand",
        );
      }
      const others = found > own ? `, and ${found - own} that an earlier probe had left` : "";
      return good(`${own.toLocaleString("en")} objects removed${others}`);
    },
  };
}

async function findLeftovers(ground: Ground): Promise<void> {
  const reply = await ground.list(ground.staging);
  const objects = reply.refusal === undefined ? (reply.output.Contents ?? []) : [];
  for (const { Key, LastModified } of objects) {
    const isOld = LastModified !== undefined && Date.now() - LastModified.getTime() > leftoverMs;
    if (Key !== undefined && isOld) ground.written.add(Key);
  }
}

/** The place stands above the findings already. */
function tidy({ name }: Store, found: ProbeFinding): ProbeFinding {
  const head = `${name}: `;
  return found.finding.startsWith(head) ? { ...found, finding: found.finding.slice(head.length) } : found;
}
