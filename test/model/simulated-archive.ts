/** What the simulated lake is fed with: an archive in a directory, in which one hour after the other appears. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { intervalId } from "../../src/model/calendar.ts";
import { parseKeyPattern } from "../../src/model/key-pattern.ts";
import type { Project } from "../../src/model/project.ts";
import { makeMart, makeProject, makeSource, makeTable } from "../make.ts";

/** So far ahead that the times of objects, which are real ones, are old for every clock of the simulation. */
export const startMs = Date.parse("2100-01-01T00:00:00Z");
const hourMs = 3_600_000;

/** They widen types, bring columns, settle stand-ins and hold lines that are rejected, in whatever order they come. */
const texts: readonly string[] = [
  '{"id":1,"size":3,"labels":[]}\n{"id":2,"size":4,"actor":{"login":"ada"},"note":null}\n',
  '{"id":3,"size":1.5,"labels":[]}\n{broken\n\n{"id":4}\n',
  '{"id":5,"labels":[{"name":"x"}],"note":null}\n{"id":6,"size":7}\n',
  '{"id":"7","note":"text","actor":{"login":"eve","id":9},"flag":true}\nnot json\n',
];

export interface Hour {
  readonly id: string;
  readonly startMs: number;
  readonly rawKey: string;
  readonly bytes: Buffer;
  /** Lines that are not blank. */
  readonly lines: number;
}

export const hours: readonly Hour[] = texts.map((text, at) => {
  const start = startMs + at * hourMs;
  return {
    id: intervalId({ every: "hour", startMs: start }),
    startMs: start,
    rawKey: `hours/2100/01/01/${String(at).padStart(2, "0")}.json`,
    bytes: Buffer.from(text),
    lines: text.split("\n").filter((line) => line.trim() !== "").length,
  };
});

/** The first hour lies in the lake already, stored by somebody who kept no receipts. */
export const [adopted] = hours;

export function appear(archive: string, hour: Hour): void {
  mkdirSync(archive, { recursive: true });
  writeFileSync(join(archive, `${hour.id}.json`), hour.bytes);
}

export function projectOn(archive: string, directory: string): Project {
  return makeProject(directory, {
    sources: [
      makeSource({
        name: "hours",
        locations: [
          {
            kind: "directory",
            base: archive,
            pattern: parseKeyPattern("{yyyy}-{MM}-{dd}-{HH}.json", "hour", "source"),
          },
        ],
        object: parseKeyPattern("hours/{yyyy}/{MM}/{dd}/{HH}.json", "hour"),
        since: { kind: "at", ms: startMs, text: "2100-01-01" },
        untilMs: startMs + hours.length * hourMs,
        retry: 0,
        parallel: 2,
      }),
    ],
    tables: [makeTable({ from: "hours", rejectsMax: 0.5, onWiden: "rewrite", compression: "snappy", parallel: 2 })],
    marts: [makeMart({ sql: "select * from events", projection: undefined })],
  });
}
