/** `lake`: the three places. They have different rights and different retention, so none lies inside another. */
import { isAbsolute, relative, sep } from "node:path";
import type { Place } from "../model/project.ts";
import * as kind from "./kinds.ts";
import { option } from "./option.ts";
import { section } from "./section.ts";

export const lake = section(
  { doc: "The three places: directories on a local disk, relative to the project file. None may lie inside another." },
  {
    raw: option(kind.place, {
      doc: "The sources' files, byte for byte, with a receipt for each.",
      default: "lake/raw",
      example: "/data/gha/raw",
    }),
    tables: option(kind.place, {
      doc: "Parquet tables, one partition for each file.",
      default: "lake/tables",
      example: "/data/gha/tables",
    }),
    marts: option(kind.place, {
      doc: "Published marts and their catalog.",
      default: "lake/marts",
      example: "/data/gha/marts",
    }),
  },
  (values, report, reading) => {
    const places = (["raw", "tables", "marts"] as const).flatMap((name) => {
      const place: Place | undefined = values[name];
      return place?.kind !== "directory" ? [] : [{ name, place }];
    });
    const outer = places.filter(({ place }) => contains(place.path, reading.directory));
    for (const { name } of outer) {
      report(name, "holds the project file itself", "Name a directory of its own, for example lake/raw");
    }
    if (outer.length > 0) return;
    for (const { name, place } of places) {
      const other = places.find((each) => each.name !== name && contains(each.place.path, place.path));
      if (other === undefined) continue;
      const same = other.place.path === place.path;
      // Of two equal places one message is enough.
      if (same && places.findIndex((each) => each.name === name) < places.indexOf(other)) continue;
      report(
        name,
        same ? `the same directory as lake.${other.name}` : `lies inside lake.${other.name}`,
        "Give each place a directory of its own",
      );
    }
  },
);

/** Whether `path` is the directory or lies below it. */
function contains(directory: string, path: string): boolean {
  const from = relative(directory, path);
  return from === "" || (from !== ".." && !from.startsWith(`..${sep}`) && !isAbsolute(from));
}
