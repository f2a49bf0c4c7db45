/** `lake`: the three places. They have different rights and different retention, so none lies inside another. */
import { isAbsolute, relative, sep } from "node:path";
import * as kind from "./kinds.ts";
import { option } from "./option.ts";
import { place, prefixContains, type WrittenPlace } from "./place.ts";
import { section } from "./section.ts";

export const placeNames = ["raw", "tables", "marts"] as const;

export const lake = section(
  {
    doc:
      "The three places, each a directory (relative to the project file) or a prefix of a bucket: `s3://bucket/prefix`. Both " +
      "kinds may be mixed. None may lie inside another. How buckets are reached stands under `s3`.",
  },
  {
    raw: option(place, {
      doc: "The sources' files, byte for byte, with a receipt for each.",
      default: "lake/raw",
      example: "s3://gha-raw/archive",
    }),
    tables: option(place, {
      doc: "Parquet tables, one partition for each file.",
      default: "lake/tables",
      example: "s3://gha-tables",
    }),
    marts: option(place, {
      doc: "Published marts and their catalog.",
      default: "lake/marts",
      example: "/data/gha/marts",
    }),
    writers: option(kind.choice("several", "one"), {
      doc:
        "How many processes may write to the lake at a time. `several` asks of a store that it keeps racing writers apart, " +
        "which is tested before the first write; a store that does not is refused. `one` is your word that nobody else writes, " +
        "and makes do with any store.",
      default: "several",
      example: "one",
    }),
  },
  (values, report, reading) => {
    const places = placeNames.flatMap((name) => {
      const written = values[name];
      return written === undefined ? [] : [{ name, place: written }];
    });
    const outer = places.filter(({ place }) => place.kind === "directory" && contains(place.path, reading.directory));
    for (const { name } of outer) {
      report(name, "holds the project file itself", "Name a directory of its own, for example lake/raw");
    }
    if (outer.length > 0) return;
    for (const { name, place } of places) {
      const other = places.find((each) => each.name !== name && holds(each.place, place));
      if (other === undefined) continue;
      const same = holds(place, other.place);
      // Of two equal places one message is enough.
      if (same && places.findIndex((each) => each.name === name) < places.indexOf(other)) continue;
      const what = place.kind === "directory" ? "directory" : "prefix";
      report(
        name,
        same ? `the same ${what} as lake.${other.name}` : `lies inside lake.${other.name}`,
        `Give each place a ${what} of its own`,
      );
    }
  },
);

/** Buckets of one name are one bucket: `s3.buckets` says of each name where it is. */
function holds(outer: WrittenPlace, inner: WrittenPlace): boolean {
  if (outer.kind === "directory") return inner.kind === "directory" && contains(outer.path, inner.path);
  return inner.kind === "s3" && inner.bucket === outer.bucket && prefixContains(outer.prefix, inner.prefix);
}

/** Whether `path` is the directory or lies below it. */
function contains(directory: string, path: string): boolean {
  const from = relative(directory, path);
  return from === "" || (from !== ".." && !from.startsWith(`..${sep}`) && !isAbsolute(from));
}
