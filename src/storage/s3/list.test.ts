import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { type Canned, type CannedOptions, cannedStore } from "../../../test/contract/canned-store.ts";
import { Failure } from "../../errors.ts";
import type { ListOptions } from "../contract.ts";
import { compareKeys } from "../keys.ts";

const modified = "2026-03-01T05:06:07.891Z";
const cdata = (text: string): string => `<![CDATA[${text}]]>`;

interface Listed extends CannedOptions {
  readonly keys: readonly string[];
  readonly pageLength?: number;
  readonly encode?: (key: string) => string;
  /** Whether the answer says that keys are encoded. */
  readonly encoded?: boolean;
  readonly continuation?: boolean;
}

/** A store that does nothing but list these keys, in the order given. */
function listing({
  keys,
  pageLength = 1000,
  encode,
  encoded = true,
  continuation = true,
  ...rest
}: Listed): Promise<Canned> {
  const written = encode ?? (encoded ? encodeURIComponent : (key: string) => key);
  return cannedStore((request: IncomingMessage, response: ServerResponse) => {
    const asked = new URL(request.url ?? "/", "http://store").searchParams;
    const prefix = asked.get("prefix") ?? "";
    const from = asked.get("continuation-token") ?? asked.get("start-after") ?? "";
    const found = keys.filter((key) => key.startsWith(prefix) && (from === "" || compareKeys(key, from) > 0));
    const page = found.slice(0, pageLength);
    const truncated = found.length > page.length;
    response.setHeader("content-type", "application/xml");
    response.end(
      `<ListBucketResult><Name>bucket</Name>${encoded ? "<EncodingType>url</EncodingType>" : ""}<IsTruncated>${truncated}</IsTruncated>${
        truncated && continuation ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ""
      }${page
        .map(
          (key) =>
            `<Contents><Key>${written(key)}</Key><LastModified>${modified}</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>`,
        )
        .join("")}</ListBucketResult>`,
    );
  }, rest);
}

async function keysOf({ storage }: Canned, prefix = "", options?: ListOptions): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of storage.list(prefix, options)) keys.push(...page.map(({ key }) => key));
  return keys;
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(5, "0")}`);

describe("listings of a bucket", () => {
  test("an entry has its size, its token without quotes, and whole seconds", async () => {
    const { storage } = await listing({ keys: ["lake/a/b"] });
    const pages = await Array.fromAsync(storage.list("a/"));
    assert.deepEqual(pages, [[{ key: "a/b", size: 7, token: "e", modifiedMs: Date.parse("2026-03-01T05:06:07Z") }]]);
  });

  test("hidden names cost a page and a jump, however many there are", async () => {
    const keys = [...numbered("lake/A", 15), ...numbered("lake/_hidden/", 5000), ...numbered("lake/a", 25)];
    const store = await listing({ keys, pageLength: 10 });
    assert.deepEqual(await keysOf(store), [...numbered("A", 15), ...numbered("a", 25)]);
    // 15 shown and 5 hidden are two pages; the jump leads to three more.
    assert.equal(store.requests.length, 5);
    assert.deepEqual((await keysOf(store, "_hidden/")).length, 5000);
  });

  test("a page that ends in shown names goes on where it ended, also without a token of the store", async () => {
    for (const continuation of [true, false]) {
      const store = await listing({ keys: numbered("lake/k/", 35), pageLength: 10, continuation });
      assert.deepEqual(await keysOf(store, "k/"), numbered("k/", 35));
      assert.equal(store.requests.length, 4);
    }
  });

  test("a year of partitions costs a request for each thousand", async () => {
    const keys = ["lake/t/_schema/1.json", ...numbered("lake/t/src=", 8760).map((key) => `${key}/data`)];
    const store = await listing({ keys });
    assert.equal((await keysOf(store, "t/", { leaf: "data" })).length, 8760);
    assert.equal(store.requests.length, 9);
  });

  test("a stem and a key behind which to begin are the store's work", async () => {
    const store = await listing({ keys: [...numbered("lake/p/a", 3000), ...numbered("lake/p/src=", 10)] });
    assert.deepEqual(await keysOf(store, "p/", { stem: "src=" }), numbered("p/src=", 10));
    assert.deepEqual(await keysOf(store, "p/", { after: "p/src=00007" }), ["p/src=00008", "p/src=00009"]);
    assert.equal(store.requests.length, 2);
  });

  test("what other tools keep there does no harm", async () => {
    const strange = ["a//b", "a/../b", "dir/", `${"x".repeat(300)}`, "y\u0001"];
    const good = ["a b+c/%41", "ä/ö", "ok"];
    const keys = [...strange, ...good].map((key) => `lake/${key}`).sort(compareKeys);
    assert.deepEqual(await keysOf(await listing({ keys })), good.sort(compareKeys));
    const broken = await listing({ keys: ["lake/a", "lake/b"], encode: (key) => key.replace("b", "%FF") });
    assert.deepEqual(await keysOf(broken), ["a"]);
  });

  test("a store that does not encode keys is taken at its word", async () => {
    const keys = ["lake/%41", "lake/a+b", "lake/é"];
    assert.deepEqual(await keysOf(await listing({ keys, encoded: false })), ["%41", "a+b", "é"]);
  });

  test("a page in a form of its own is read by the SDK", async () => {
    const keys = numbered("lake/k/", 25);
    const store = await listing({ keys, pageLength: 10, encode: (key) => cdata(key) });
    assert.deepEqual(await keysOf(store, "k/"), numbered("k/", 25));
  });

  test("the whole bucket may be the place", async () => {
    assert.deepEqual(await keysOf(await listing({ keys: ["_x/y", "a/b"], prefix: "" })), ["a/b"]);
  });

  test("a store that lists out of order is refused", async () => {
    const store = await listing({ keys: ["lake/b", "lake/a"] });
    await assert.rejects(keysOf(store), (error) => error instanceof Failure && error.kind === "corrupt");
  });
});
