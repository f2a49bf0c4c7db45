import assert from "node:assert/strict";
import test from "node:test";
import { hostile } from "../../../test/cli/fixtures.ts";
import { Failure } from "../../errors.ts";
import { failureJson, renderFailure } from "./failure.ts";
import { noPaint } from "./paint.ts";

const options = { paint: noPaint, cwd: "/projects/gha" };

test("subject, fact, place, remedy, and every other mistake", () => {
  const failure = new Failure("usage", 'sources.gharchive.every: expected "hour" or "day", got "hourly"', {
    place: { file: "/projects/gha/millrace.yaml", line: 12 },
    remedy: 'did you mean "hour"?',
    others: [
      new Failure("usage", "marts.activity.sql: missing", { place: { file: "millrace.yaml", line: 40, column: 3 } }),
    ],
  });
  assert.deepEqual(renderFailure(failure, options), [
    'error  millrace.yaml:12  sources.gharchive.every: expected "hour" or "day", got "hourly"',
    '       did you mean "hour"?',
    "error  millrace.yaml:40:3  marts.activity.sql: missing",
  ]);
  assert.deepEqual(failureJson(failure), {
    code: "error",
    kind: "usage",
    exitCode: 2,
    message: 'sources.gharchive.every: expected "hour" or "day", got "hourly"',
    place: { file: "/projects/gha/millrace.yaml", line: 12 },
    remedy: 'did you mean "hour"?',
    others: [
      {
        code: "error",
        kind: "usage",
        exitCode: 2,
        message: "marts.activity.sql: missing",
        place: { file: "millrace.yaml", line: 40, column: 3 },
      },
    ],
  });
});

test("a bug asks to be reported; debugging shows stack and causes", () => {
  const failure = new Failure("bug", "no source x", { cause: new Error("inner") });
  assert.equal(renderFailure(failure, options).length, 2);
  const lines = renderFailure(failure, { ...options, debug: true });
  assert.ok(lines.some((line) => line.includes("caused by")));
  assert.ok(lines.some((line) => line.includes("Error: inner")));
});

test("a message of several lines stays one message; a hostile one stays harmless", () => {
  const lines = renderFailure(
    new Failure("usage", `Parser Error\n  LINE 1: select${hostile}`, { remedy: hostile }),
    options,
  ).join("\n");
  assert.equal(lines.split("\n")[1]?.startsWith("         LINE 1: select"), true);
  assert.doesNotMatch(lines.replaceAll("\n", ""), /[\p{Cc}\u{202e}]/u);
});
