import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Failure } from "../src/errors.ts";
import { type GeneratorOptions, openGenerator } from "./generator.ts";
import { gzipHour } from "./gzip.ts";
import { writeHour } from "./write-hour.ts";

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function rowsOf(hour: string, options: GeneratorOptions): Promise<Fields[]> {
  const bytes = await bytesOf(openGenerator(options).hour(Date.parse(hour)));
  const text = bytes.toString("utf8");
  assert.ok(text.endsWith("\n"));
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => {
      const row: unknown = JSON.parse(line);
      assert.ok(isFields(row));
      return row;
    });
}

function at(row: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (isFields(value) ? value[name] : undefined), row);
}

/** Paths of the values that are present; a list's elements count under the list's path with `[]`. */
function leaves(rows: readonly Fields[]): { readonly paths: Set<string>; readonly present: number } {
  const paths = new Set<string>();
  let present = 0;
  const walk = (value: unknown, path: string): void => {
    if (value === null) return;
    if (Array.isArray(value)) for (const element of value) walk(element, `${path}[]`);
    else if (isFields(value)) for (const [name, inner] of Object.entries(value)) walk(inner, `${path}.${name}`);
    else {
      paths.add(path);
      present += 1;
    }
  };
  for (const row of rows) walk(row, "");
  return { paths, present };
}

function shares(rows: readonly Fields[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of rows) counts.set(String(type), (counts.get(String(type)) ?? 0) + 100 / rows.length);
  return counts;
}

test("the bytes of an hour are pinned: a change here changes every demo and benchmark", async () => {
  const generator = openGenerator({ seed: 7, eventsPerHour: 40 });
  const bytes = await bytesOf(generator.hour(Date.parse("2023-02-08T12:00:00Z")));
  assert.equal(
    createHash("sha256").update(bytes).digest("hex"),
    "27ce382196fe9edf180f82962141bcaf9d46c641aba39ac11e9d7c9d4dbfa899",
  );
});

test("same seed, hour and size give the same bytes, JSON and gzip; anything else gives others", async () => {
  const hour = Date.parse("2024-05-06T07:00:00Z");
  const first = openGenerator({ seed: 1, eventsPerHour: 300 });
  const json = await bytesOf(first.hour(hour));
  const packed = await bytesOf(gzipHour(first, hour));
  // A generator that has made other hours before gives the same bytes.
  await bytesOf(first.hour(hour + 3_600_000));
  assert.ok(json.equals(await bytesOf(first.hour(hour))));
  const again = openGenerator({ seed: 1, eventsPerHour: 300 });
  assert.ok(packed.equals(await bytesOf(gzipHour(again, hour))));
  assert.ok(gunzipSync(packed).equals(json));
  assert.deepEqual([...packed.subarray(4, 8), packed[9]], [0, 0, 0, 0, 3]);
  assert.ok(!json.equals(await bytesOf(openGenerator({ seed: 2, eventsPerHour: 300 }).hour(hour))));
  assert.ok(!json.equals(await bytesOf(first.hour(hour + 3_600_000))));
});

test("kinds of events occur in the shares of the real archive", async () => {
  const found = shares(await rowsOf("2023-02-08T12:00:00Z", { eventsPerHour: 8_000 }));
  const expected: Readonly<Record<string, number>> = {
    PushEvent: 53,
    CreateEvent: 14,
    PullRequestEvent: 8.3,
    IssueCommentEvent: 5.4,
    WatchEvent: 5.2,
    DeleteEvent: 3.5,
  };
  for (const [type, share] of Object.entries(expected)) {
    assert.ok(Math.abs((found.get(type) ?? 0) - share) < share * 0.15 + 0.3, `${type} ${found.get(type)}`);
  }
  assert.equal(found.size, 17);
});

test("an hour of era C is wide and sparse", async () => {
  const rows = await rowsOf("2023-02-08T12:00:00Z", { eventsPerHour: 5_000 });
  const { paths, present } = leaves(rows);
  assert.ok(paths.size >= 1_000, String(paths.size));
  assert.ok(present / rows.length > 60 && present / rows.length < 90, String(present / rows.length));
  // What is null or [] in most rows is a struct or a list of structs in others.
  for (const path of [
    "pull_request.milestone",
    "pull_request.assignee",
    "pull_request.auto_merge",
    "issue.milestone",
    "issue.performed_via_github_app",
    "pull_request.base.repo.license",
  ]) {
    const values = rows.map((row) => at(row, `payload.${path}`)).filter((value) => value !== undefined);
    assert.ok(values.includes(null) && values.some(isFields), path);
  }
  for (const path of [
    "pull_request.requested_teams",
    "pull_request.requested_reviewers",
    "pull_request.labels",
    "release.assets",
  ]) {
    const lengths = rows
      .map((row) => at(row, `payload.${path}`))
      .filter(Array.isArray)
      .map((list) => list.length);
    assert.ok(lengths.includes(0) && lengths.some((length) => length > 0), path);
  }
  assert.ok(
    rows.some((row) => row.type === "PublicEvent" && isFields(row.payload) && Object.keys(row.payload).length === 0),
  );
});

test("since 2015: ids are strings, times are sorted, org is on some events only", async () => {
  const rows = await rowsOf("2019-04-01T00:00:00Z", { eventsPerHour: 1_000 });
  assert.equal(rows.length, 1_000);
  const times = rows.map((row) => String(row.created_at));
  assert.deepEqual(times, times.toSorted());
  for (const time of times) assert.match(time, /^2019-04-01T00:\d\d:\d\dZ$/);
  assert.equal(new Set(rows.map((row) => row.id)).size, 1_000);
  assert.ok(rows.every((row) => typeof row.id === "string" && isFields(row.actor) && isFields(row.repo)));
  const withOrg = rows.filter((row) => isFields(row.org)).length;
  assert.ok(withOrg > 100 && withOrg < 500, String(withOrg));
  assert.ok(rows.every((row) => !("org" in row) || isFields(row.org)));
});

test("some actors and repositories come up again and again", async () => {
  const rows = await rowsOf("2023-02-08T12:00:00Z", { eventsPerHour: 4_000 });
  const counts = new Map<unknown, number>();
  for (const row of rows) counts.set(at(row, "repo.name"), (counts.get(at(row, "repo.name")) ?? 0) + 1);
  assert.ok(counts.size > 1_000 && counts.size < 3_000, String(counts.size));
  assert.ok(Math.max(...counts.values()) > 20);
});

test("era A: logins, arrays of mixed values, Pacific time in two spellings", async () => {
  const rows = await rowsOf("2012-03-11T12:00:00Z", { eventsPerHour: 1_000 });
  for (const row of rows) {
    assert.equal(typeof row.actor, "string");
    assert.match(String(row.created_at), /^2012\/03\/11 12:\d\d:\d\d -0700$/);
    assert.ok(!("id" in row) && !("repo" in row) && !("org" in row) && isFields(row.actor_attributes));
  }
  const push = rows.find((row) => row.type === "PushEvent" && at(row, "payload.size") !== 0);
  const shas: unknown = at(push, "payload.shas");
  assert.ok(Array.isArray(shas));
  const [sha]: unknown[] = shas;
  assert.ok(Array.isArray(sha));
  assert.deepEqual(
    sha.map((value) => typeof value),
    ["string", "string", "string", "string", "boolean"],
  );
  for (const type of ["GistEvent", "FollowEvent", "DownloadEvent"]) assert.ok(shares(rows).has(type), type);
  const later = await rowsOf("2014-01-02T03:00:00Z", { eventsPerHour: 1_000 });
  assert.match(String(later[0]?.created_at), /^2014-01-02T03:\d\d:\d\d-08:00$/);
  assert.ok(!shares(later).has("GistEvent") && shares(later).has("ReleaseEvent"));
});

test("era A: the clock changes make one name empty and one double", async () => {
  const generator = openGenerator({ eventsPerHour: 100 });
  assert.equal(generator.eventsIn(Date.parse("2012-03-11T02:00:00Z")), 0);
  assert.equal((await bytesOf(generator.hour(Date.parse("2012-03-11T02:00:00Z")))).length, 0);
  const double = await rowsOf("2013-11-03T01:00:00Z", { eventsPerHour: 100 });
  const offsets = double.map((row) => String(row.created_at).slice(-6));
  assert.equal(offsets[0], "-07:00");
  assert.equal(offsets.at(-1), "-08:00");
});

test("eras B, C and D begin on their dates", async () => {
  const push = async (hour: string): Promise<Fields> => {
    const rows = await rowsOf(hour, { eventsPerHour: 50 });
    const payload = rows.find((row) => row.type === "PushEvent")?.payload;
    assert.ok(isFields(payload));
    return payload;
  };
  const [b, c, d] = [
    await push("2022-12-31T23:00:00Z"),
    await push("2023-01-01T00:00:00Z"),
    await push("2025-10-07T00:00:00Z"),
  ];
  assert.ok(!("repository_id" in b) && "commits" in b && "distinct_size" in b);
  assert.ok("repository_id" in c && "commits" in c && "size" in c);
  assert.deepEqual(Object.keys(d), ["repository_id", "push_id", "ref", "head", "before"]);
  assert.ok("commits" in (await push("2025-10-06T23:00:00Z")));
  const pulls = async (hour: string): Promise<number> =>
    leaves((await rowsOf(hour, { eventsPerHour: 3_000 })).filter((row) => row.type === "PullRequestEvent")).paths.size;
  const [before, after] = [await pulls("2025-10-06T23:00:00Z"), await pulls("2025-10-07T00:00:00Z")];
  assert.ok(before > 400, String(before));
  assert.ok(after > 40 && after < 80, String(after));
});

test("since 2025-05-24 lines are out of order and neighbours' events slip in; in 2026 ids start over", async () => {
  const rows = await rowsOf("2025-06-01T10:00:00Z", { eventsPerHour: 2_000 });
  const times = rows.map((row) => String(row.created_at));
  assert.notDeepEqual(times, times.toSorted());
  assert.ok(times.some((time) => time.startsWith("2025-06-01T09:")));
  assert.ok(times.filter((time) => time.startsWith("2025-06-01T10:")).length > 1_800);
  const sorted = (await rowsOf("2025-05-23T23:00:00Z", { eventsPerHour: 500 })).map((row) => String(row.created_at));
  assert.deepEqual(sorted, sorted.toSorted());
  const [last, first] = [
    await rowsOf("2025-12-31T23:00:00Z", { eventsPerHour: 1 }),
    await rowsOf("2026-01-01T00:00:00Z", { eventsPerHour: 1 }),
  ];
  assert.ok(Number(first[0]?.id) < Number(last[0]?.id));
});

test("options: volume varies with the week, hours without any org", async () => {
  const varied = openGenerator({ eventsPerHour: 1_000, vary: true });
  const [busy, quiet] = [
    varied.eventsIn(Date.parse("2026-03-04T15:00:00Z")),
    varied.eventsIn(Date.parse("2026-03-01T04:00:00Z")),
  ];
  assert.ok(busy > quiet * 1.5, `${busy} ${quiet}`);
  let week = 0;
  for (let hour = 0; hour < 168; hour++) week += varied.eventsIn(Date.parse("2026-03-02T00:00:00Z") + hour * 3_600_000);
  assert.ok(Math.abs(week / 168 - 1_000) < 20, String(week / 168));
  const options = { eventsPerHour: 200, noOrgHours: 6 };
  assert.ok((await rowsOf("2026-03-01T06:00:00Z", options)).every((row) => !("org" in row)));
  assert.ok((await rowsOf("2026-03-01T07:00:00Z", options)).some((row) => "org" in row));
});

test("nonsense options are refused by name", () => {
  assert.throws(
    () => openGenerator({ eventsPerHour: 0 }),
    (error) => error instanceof Failure && error.kind === "usage" && /events per hour/.test(error.message),
  );
  assert.throws(() => openGenerator({ seed: 1.5 }), Failure);
});

test("writeHour writes what the generator makes", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-sample-"));
  t.after(() => rm(directory, { recursive: true }));
  const generator = openGenerator({ eventsPerHour: 60 });
  const hour = Date.parse("2023-02-08T12:00:00Z");
  const written = await writeHour(generator, hour, join(directory, "a.json.gz"));
  const json = await bytesOf(generator.hour(hour));
  const packed = await readFile(written.file);
  assert.ok(gunzipSync(packed).equals(json));
  assert.deepEqual(
    { ...written, file: "" },
    { file: "", events: 60, jsonBytes: json.length, fileBytes: packed.length },
  );
  await writeHour(generator, hour, join(directory, "a.json"), { plain: true });
  assert.ok((await readFile(join(directory, "a.json"))).equals(json));
});
