/** Listings: complete, in byte order, page after page, and from a given name on. */
import type { ListObjectsV2CommandInput } from "@aws-sdk/client-s3";
import { compareKeys } from "../keys.ts";
import { bad, good, type Verdict } from "../probe.ts";
import type { Ground } from "./probe-ground.ts";
import { inParallel, must } from "./probe-requests.ts";

const remedy =
  "what exists is learned from listings, so a lake cannot live on this store: use another one, or a later version";

/** Order is by bytes of the whole key: a walk through directories would put `a/x` before `a-x`. */
const orderedNames: readonly string[] = [
  ...["B", "_hidden/1", "_hidden/2", "a-x", "a.x", "a/x", "a/x=1/d", "a/x=10/d", "a/x=2/d", "a0", "b", "é"],
];

export async function pagedListing(ground: Ground): Promise<Verdict> {
  const dir = "listed/";
  const names = orderedNames.map((name) => ground.root + dir + name).sort(compareKeys);
  // A name that begins alike and is not below the directory.
  await inParallel([...names, `${ground.root}listed-beside`], async (name) =>
    must(await ground.put(name.slice(ground.root.length), Buffer.from("x"))),
  );
  const prefix = ground.root + dir;
  const whole = await listAll(ground, prefix, {});
  const paged = await listAll(ground, prefix, { MaxKeys: 5 });
  const behind = (start: string): readonly string[] => names.filter((name) => compareKeys(name, start) > 0);
  const wrong = [
    ...differences("the listing", whole, names),
    ...differences("the listing in pages of 5", paged, names),
  ];
  // An existing name, one that does not exist, and the jump over everything that begins with `_`.
  for (const start of [`${prefix}a-x`, `${prefix}a/x=1/zz`, `${prefix}_\u{10ffff}`]) {
    const rest = await listAll(ground, prefix, { StartAfter: start });
    wrong.push(...differences(`the listing after "${start.slice(prefix.length)}"`, rest, behind(start)));
  }
  return wrong.length === 0
    ? good(`${names.length} names by pages of 5, in byte order, also from the middle on`)
    : bad(wrong.join("; "), remedy);
}

const manyCount = 1_100;
const manyText = manyCount.toLocaleString("en");

export async function longListing(ground: Ground): Promise<Verdict> {
  const dir = "many/";
  const names = Array.from({ length: manyCount }, (_, at) => `${ground.root}${dir}${String(at).padStart(5, "0")}`);
  await inParallel(names, async (name) =>
    must(await ground.put(name.slice(ground.root.length), Buffer.from(name.slice(-5)))),
  );
  const listed = await listAll(ground, ground.root + dir, {});
  const start = names[manyCount - 60] ?? "";
  const rest = await listAll(ground, ground.root + dir, { StartAfter: start });
  const wrong = [
    ...differences(`a listing of ${manyText} objects`, listed, names),
    ...differences("its last part by StartAfter", rest, names.slice(manyCount - 59)),
  ];
  return wrong.length === 0
    ? good(`${manyText} objects in ${listed.pages} pages, none missing, none twice`)
    : bad(wrong.join("; "), remedy);
}

interface Listed {
  readonly keys: readonly string[];
  readonly pages: number;
  /** Why there is no more. */
  readonly fault: string | undefined;
}

const pagesMax = 20;

async function listAll(ground: Ground, prefix: string, more: Partial<ListObjectsV2CommandInput>): Promise<Listed> {
  const keys: string[] = [];
  let token: string | undefined;
  for (let pages = 1; ; pages++) {
    const reply = await ground.list(prefix, { ...more, ...(token === undefined ? {} : { ContinuationToken: token }) });
    if (reply.refusal !== undefined) {
      return { keys, pages, fault: `it is answered ${reply.refusal.status} ${reply.refusal.code}` };
    }
    const { Contents = [], IsTruncated, NextContinuationToken } = reply.output;
    keys.push(...Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
    if (IsTruncated !== true) return { keys, pages, fault: undefined };
    token = NextContinuationToken;
    if (token === undefined || token === "") return { keys, pages, fault: "a page tells of more and not how to go on" };
    if (pages === pagesMax) return { keys, pages, fault: "it does not end" };
  }
}

function differences(what: string, { keys, fault }: Listed, expected: readonly string[]): readonly string[] {
  if (fault !== undefined) return [`${what}: ${fault}`];
  const found = new Set(keys);
  const missing = expected.filter((key) => !found.has(key)).length;
  const foreign = keys.filter((key) => !expected.includes(key)).length;
  const twice = keys.length - found.size;
  const counts = [
    ...(missing === 0 ? [] : [`${missing} of ${expected.length} names are missing`]),
    ...(foreign === 0 ? [] : [`${foreign} names do not belong there`]),
    ...(twice === 0 ? [] : [`${twice} come twice`]),
  ];
  if (counts.length > 0) return [`${what}: ${counts.join(", ")}`];
  return keys.every((key, at) => key === expected[at]) ? [] : [`${what} is not in byte order`];
}
