/** What a store, a race or a broken connection would find out about the storage on S3 and its cache. */
import type { Mutant } from "./mutant.ts";

const storage = "src/storage/s3/storage.ts";
const upload = "src/storage/s3/upload.ts";
const read = "src/storage/s3/read.ts";
const errors = "src/storage/s3/errors.ts";

export const s3Mutants: readonly Mutant[] = [
  {
    name: "s3-put-without-its-condition",
    why: "the second of two writers replaces what the first was told is his",
    edits: [{ file: upload, find: 'return { IfNoneMatch: "*" };', replace: "return {};" }],
    killedBy: ["src/storage/s3/storage.test.ts"],
  },
  {
    name: "s3-own-412-taken-for-another-s",
    why: "a writer whose answer was lost believes that somebody else was first",
    edits: [
      {
        file: storage,
        find: "return found?.putId === putId ? found.info : undefined;",
        replace: "return found?.putId === undefined ? found?.info : undefined;",
      },
    ],
    killedBy: ["src/storage/s3/storage.test.ts"],
  },
  {
    name: "s3-another-s-object-taken-for-our-own",
    why: "two writers both believe that they won",
    edits: [
      {
        file: storage,
        find: "return found?.putId === putId ? found.info : undefined;",
        replace: "return found?.info;",
      },
    ],
    killedBy: ["src/storage/s3/storage.test.ts"],
  },
  {
    name: "s3-lost-upload-left-open",
    why: "parts that nobody sees are paid for",
    edits: [
      {
        file: upload,
        find: "    await abortUpload(store, key, UploadId).catch((second: unknown) => {",
        replace: "    await Promise.resolve().catch((second: unknown) => {",
      },
    ],
    killedBy: ["src/storage/s3/upload.test.ts"],
  },
  {
    name: "s3-parts-without-their-condition",
    why: "a large object replaces another writer's",
    edits: [{ file: upload, find: "            ...conditionHeaders(wanted.condition),\n", replace: "" }],
    killedBy: ["src/storage/s3/upload.test.ts"],
  },
  {
    name: "s3-range-one-byte-too-long",
    why: "a footer is read with a byte that is not its own",
    edits: [
      { file: read, find: ' "" : end - 1}', replace: ' "" : end}' },
      { file: read, find: "const to = Math.min(chunk.length, end - at);", replace: "const to = chunk.length;" },
    ],
    killedBy: ["src/storage/s3/read.test.ts"],
  },
  {
    name: "s3-short-body-accepted",
    why: "a connection that breaks makes a shorter object",
    edits: [
      { file: read, find: "    if (at < end) throw new Failure(", replace: "    if (at < 0) throw new Failure(" },
    ],
    killedBy: ["src/storage/s3/read.test.ts"],
  },
  {
    name: "s3-version-not-asked-for",
    why: "a reader mixes the bytes of two versions",
    edits: [
      { file: read, find: "...(token === undefined ? {} : { IfMatch", replace: '...(token !== "" ? {} : { IfMatch' },
      {
        file: read,
        find: "if (wanted.token !== undefined && token !== wanted.token) throw replaced(store, key);",
        replace: "",
      },
    ],
    killedBy: ["src/storage/s3/read.test.ts"],
  },
  {
    name: "s3-first-page-only",
    why: "everything behind the first thousand keys is fetched and converted again",
    edits: [
      {
        file: "src/storage/s3/list.ts",
        find: "    if (!page.truncated) return;",
        replace: "    if (page.entries.length > 0) return;",
      },
    ],
    killedBy: ["src/storage/s3/list.test.ts"],
  },
  {
    name: "s3-409-is-final",
    why: "a writer that met another one for a moment gives up",
    edits: [
      { file: errors, find: "ConditionalRequestConflict: passing,", replace: "ConditionalRequestConflict: changed," },
      { file: errors, find: "status === 408 || status === 409)", replace: "status === 408)" },
    ],
    killedBy: ["src/storage/s3/errors.test.ts"],
  },
  {
    name: "s3-412-is-repeated",
    why: "a lost race is fought again and again",
    edits: [
      { file: errors, find: "PreconditionFailed: changed,", replace: "PreconditionFailed: passing," },
      {
        file: errors,
        find: "  if (status === 412) return changed(found);\n",
        replace: "  if (status === 412) return passing(found);\n",
      },
    ],
    killedBy: ["src/storage/s3/storage.test.ts"],
  },
  {
    name: "cache-believes-what-failed",
    why: "what was not fetched is read as zeros",
    edits: [
      {
        file: "src/cache/open.ts",
        find: "      try {\n        await fetchInto(",
        replace:
          "      copy.present = union(copy.present, rangeSet(plan, identity.size));\n      try {\n        await fetchInto(",
      },
    ],
    killedBy: ["src/cache/open.test.ts"],
  },
];
