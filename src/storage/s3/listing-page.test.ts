import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../../test/contract/property-runs.ts";
import { type ListingEntry, type ListingPage, parseListingPage } from "./listing-page.ts";

const escaped = (text: string): string =>
  text.replace(
    /[&<>"']/g,
    (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;" })[character] ?? "&apos;",
  );

function entryText({ key, etag, size, modifiedMs }: ListingEntry): string {
  const owner = "<Owner><ID>Key</ID><DisplayName></DisplayName></Owner>";
  return `<Contents><Key>${escaped(key)}</Key><LastModified>${new Date(modifiedMs).toISOString()}</LastModified><ETag>${escaped(etag)}</ETag>${owner}<Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
}

function pageText({ entries, encoded, truncated, continuation }: ListingPage): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    "<Name>bucket</Name><Prefix/><MaxKeys>1000</MaxKeys>",
    encoded ? "<EncodingType>url</EncodingType>" : "",
    `<IsTruncated>${truncated}</IsTruncated>`,
    ...entries.map(entryText),
    "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>",
    continuation === undefined ? "" : `<NextContinuationToken>${escaped(continuation)}</NextContinuationToken>`,
    "</ListBucketResult>",
  ].join("\n  ");
}

const parsed = (text: string): ListingPage | undefined => parseListingPage(Buffer.from(text));

const plain = { noNullPrototype: true } as const;

const entries = fc.array(
  fc.record(
    {
      key: fc.string({ unit: "grapheme", minLength: 1 }),
      etag: fc.string({ unit: "binary-ascii" }).map((text) => `"${text.replace(/[^\w-]/g, "")}"`),
      size: fc.nat(),
      modifiedMs: fc.nat(2 ** 31),
    },
    plain,
  ),
  { maxLength: 20 },
);

describe("a page of a listing", () => {
  test("whatever was written is read", () => {
    const page = fc.record(
      {
        entries,
        encoded: fc.boolean(),
        truncated: fc.boolean(),
        continuation: fc.option(fc.string({ unit: "grapheme-ascii", minLength: 1 }), { nil: undefined }),
      },
      plain,
    );
    fc.assert(
      fc.property(page, (page) => {
        assert.deepEqual(parsed(pageText(page)), page);
      }),
      propertyRuns(200),
    );
  });

  test("a page that ends early is not understood, wherever it ends", () => {
    const entry = { key: "a/b", etag: '"e"', size: 1, modifiedMs: 0 };
    const text = pageText({ entries: [entry, entry], encoded: true, truncated: false, continuation: "next" });
    for (let length = 0; length < text.length; length++) {
      assert.equal(parsed(text.slice(0, length)), undefined, text.slice(0, length));
    }
  });

  test("what is in another form is left to the SDK", () => {
    const page = pageText({
      entries: [{ key: "a", etag: '"e"', size: 1, modifiedMs: 0 }],
      encoded: false,
      truncated: false,
      continuation: undefined,
    });
    const others = [
      page.replace("<Key>a</Key>", "<Key><![CDATA[a]]></Key>"),
      page.replace("<Key>a</Key>", "<Key><!-- a -->a</Key>"),
      page.replace("<Key>a</Key>", ""),
      page.replace("<Key>", '<Key lang="en">'),
      page.replace("<Size>1</Size>", "<Size>one</Size>"),
      page.replace("<Size>1</Size>", "<Size>-1</Size>"),
      page.replace(/LastModified>[^<]+</, "LastModified>yesterday<"),
      page.replaceAll("ListBucketResult", "s3:ListBucketResult"),
      page.replace("</Owner>", "</Ower>"),
      page.replace("<IsTruncated>false</IsTruncated>", ""),
      "<!DOCTYPE html><html><body>ListBucketResult</body></html>",
      "{}",
      "",
    ];
    assert.notEqual(parsed(page), undefined);
    for (const text of others) assert.equal(parsed(text), undefined, text);
  });
});
