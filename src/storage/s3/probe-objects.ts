/** What a store must do with single objects: rights, consistency, ranges, tokens, metadata, checksums, odd names. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { metadataBytesMax } from "../keys.ts";
import { bad, good, type Verdict } from "../probe.ts";
import type { Ground } from "./probe-ground.ts";
import { inParallel, must } from "./probe-requests.ts";

const text = (words: string): Buffer => Buffer.from(words);

export async function mayWrite(ground: Ground): Promise<Verdict> {
  must(await ground.put("right", text("right")));
  return good("allowed");
}

export async function mayRead(ground: Ground): Promise<Verdict> {
  const read = must(await ground.get("right"));
  return read.bytes.equals(text("right")) ? good("allowed") : bad("other bytes come back than were written");
}

/** Asks for what does not exist: who may read learns that, who may not is denied. Writes nothing. */
export async function mayReadAbsent(ground: Ground): Promise<Verdict> {
  const reply = await ground.get("absent");
  if (reply.refusal?.status === 404) return good("allowed");
  if (reply.refusal === undefined) return bad("an object that was never written is there");
  throw reply.refusal.failure;
}

/** Where it counts: a role may be allowed to remove its own tests and nothing else. No object has that name. */
export async function mayDelete(ground: Ground): Promise<Verdict> {
  const reply = await ground.removeElsewhere();
  if (reply.refusal?.status === 404) return bad(`removing what does not exist is an error (${reply.refusal.code})`);
  must(reply);
  return good("allowed");
}

const consistencyRounds = [0, 1, 2, 3, 4, 5, 6, 7];

/** Each object is read, asked for and listed at once after it was written, and again after it was replaced. */
export async function readsAfterWrites(ground: Ground): Promise<Verdict> {
  const faults: string[] = [];
  await inParallel(consistencyRounds, async (round) => {
    const name = `consistency/${round}`;
    // The same length: what tells them apart is the bytes, and the token.
    const tokens: string[] = [];
    for (const words of [`first ${round}`, `other ${round}`]) {
      const step = words.startsWith("first") ? "a write" : "an overwrite";
      const token = must(await ground.put(name, text(words))).ETag ?? "";
      const read = must(await ground.get(name));
      if (!read.bytes.equals(text(words))) faults.push(`${step} was not seen by the read after it`);
      const head = must(await ground.head(name));
      const listed = must(await ground.list(ground.root + name)).Contents?.[0];
      if (listed === undefined) faults.push(`${step} was not seen by the listing after it`);
      if (token === "") faults.push("a put is answered without an ETag");
      else if (read.ETag !== token || head.ETag !== token || (listed !== undefined && listed.ETag !== token)) {
        faults.push(`after ${step} put, get, head and list give different ETags`);
      }
      if (head.ContentLength !== words.length || (listed !== undefined && listed.Size !== words.length)) {
        faults.push(`after ${step} head or list give another length`);
      }
      tokens.push(token);
    }
    if (tokens[0] === tokens[1]) faults.push("other bytes keep the same ETag");
  });
  return verdict(
    faults,
    `${consistencyRounds.length} objects written and replaced: get, head and list showed each at once`,
  );
}

export async function readsAfterDeletes(ground: Ground): Promise<Verdict> {
  const faults: string[] = [];
  let isAllowed = true;
  await inParallel(consistencyRounds, async (round) => {
    const name = `deleted/${round}`;
    must(await ground.put(name, text("here")));
    const removed = await ground.remove(name);
    if (removed.refusal?.status === 403) {
      isAllowed = false;
      return;
    }
    must(removed);
    const read = await ground.get(name);
    if (read.refusal === undefined) faults.push("an object is read after it was deleted");
    else if (read.refusal.status !== 404) throw read.refusal.failure;
    const listed = must(await ground.list(ground.root + name)).Contents ?? [];
    if (listed.length > 0) faults.push("an object is listed after it was deleted");
  });
  if (!isAllowed) return good("not tested: these credentials may not delete");
  return verdict(faults, `${consistencyRounds.length} objects deleted: gone from get and list at once`);
}

/** How often each fault was seen. */
function verdict(faults: readonly string[], fine: string): Verdict {
  if (faults.length === 0) return good(fine);
  const counts = new Map<string, number>();
  for (const fault of faults) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return bad(
    [...counts].map(([fault, count]) => (count === 1 ? fault : `${fault} (${count} times)`)).join("; "),
    "the store is not consistent enough for a lake: use another one, or the setting that makes it so",
  );
}

export async function ranges(ground: Ground): Promise<Verdict> {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));
  must(await ground.put("ranges", bytes));
  const wanted: readonly (readonly [range: string, expected: Buffer])[] = [
    ["bytes=0-0", bytes.subarray(0, 1)],
    ["bytes=10-19", bytes.subarray(10, 20)],
    ["bytes=990-", bytes.subarray(990)],
    ["bytes=990-2000", bytes.subarray(990)],
    ["bytes=-10", bytes.subarray(990)],
  ];
  const wrong: string[] = [];
  for (const [Range, expected] of wanted) {
    const reply = await ground.get("ranges", { Range });
    if (reply.refusal !== undefined) wrong.push(`${Range} is refused (${reply.refusal.code})`);
    else if (!reply.output.bytes.equals(expected))
      wrong.push(`${Range} gives ${reply.output.bytes.length} wrong bytes`);
  }
  const beyond = await ground.get("ranges", { Range: "bytes=1000-" });
  if (beyond.refusal === undefined) wrong.push(`beyond the end ${beyond.output.bytes.length} bytes are given`);
  else if (beyond.refusal.status !== 416) wrong.push(`beyond the end is answered ${beyond.refusal.code}, not 416`);
  return wrong.length === 0
    ? good("from, to, from the end and beyond it")
    : bad(wrong.join("; "), "reading parts of objects is what makes queries affordable: use another store");
}

export async function readsOfOneVersion(ground: Ground): Promise<Verdict> {
  const first = must(await ground.put("version", text("first"))).ETag;
  const second = must(await ground.put("version", text("other"))).ETag;
  const old = await ground.get("version", { IfMatch: first });
  const now = await ground.get("version", { IfMatch: second });
  if (now.refusal !== undefined) return bad(`the right version is refused (${now.refusal.code})`);
  if (old.refusal === undefined)
    return bad("the condition is ignored: a replaced object is read as if it were the old one");
  return old.refusal.status === 412
    ? good("the right version is read, a replaced one refused (412)")
    : bad(`a replaced version is answered ${old.refusal.code}, not 412`);
}

/** As many bytes as millrace ever keeps, and the id of a put beside them. */
export async function metadata(ground: Ground): Promise<Verdict> {
  const putId = "0123456789abcdef0123456789abcdef";
  const head = '{"url":"https://host/a?b=c&d=%20","text":"\\"quoted\\", \\u00e9\\ud83d\\ude00 \\\\","fill":"';
  const json = `${head}${"x".repeat(metadataBytesMax - head.length - 2)}"}`;
  const much = `${json.length.toLocaleString("en")} bytes of JSON`;
  const stored = await ground.put("metadata", text("x"), { Metadata: { millrace: json, "millrace-put": putId } });
  if (stored.refusal !== undefined) return bad(`${much} are refused (${stored.refusal.code})`, keepRemedy);
  const found = must(await ground.head("metadata")).Metadata ?? {};
  const read = must(await ground.get("metadata")).Metadata ?? {};
  if (found.millrace !== json || read.millrace !== json || found["millrace-put"] !== putId) {
    return bad(`${much} come back changed or not at all`, keepRemedy);
  }
  return good(`${much} with quotes and escapes come back unchanged`);
}

const keepRemedy =
  "receipts are kept as user metadata (x-amz-meta-…): let the store and every proxy before it keep them";

const checksums = {
  crc32: (bytes: Buffer) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return { ChecksumCRC32: sum.toString("base64") };
  },
  md5: (bytes: Buffer) => ({ ContentMD5: createHash("md5").update(bytes).digest("base64") }),
} as const;

/** Whether bytes that were damaged on the way are noticed: by the checksum that millrace sends to such a store. */
export async function uploadChecksums(ground: Ground): Promise<Verdict> {
  const { checksum: used, title } = ground.store.profile;
  const sent = text("what was sent");
  const outcome = async (kind: "crc32" | "md5"): Promise<"checked" | "ignored" | "refused"> => {
    const right = await ground.put(`checksum/${kind}`, sent, checksums[kind](sent));
    if (right.refusal !== undefined) return "refused";
    const wrong = await ground.put(`checksum/${kind}`, sent, checksums[kind](text("something else")));
    return wrong.refusal === undefined ? "ignored" : "checked";
  };
  const seen = { crc32: await outcome("crc32"), md5: await outcome("md5") };
  const all = `CRC32 ${seen.crc32}, MD5 ${seen.md5}`;
  if (used === "none") return good(`none is sent to ${title} (${all})`);
  if (seen[used] === "checked") return good(`a wrong ${used === "md5" ? "MD5" : "CRC32"} is refused (${all})`);
  return bad(
    `damage on the way would not be noticed: ${all}, and millrace sends ${used === "md5" ? "MD5" : "CRC32"}`,
    "`millrace verify` reads everything back; TLS protects the way itself",
  );
}
