/**
 * `unknown` in, complete `Project` out. The layers are flag over environment over target over project file over default;
 * all mistakes are reported together.
 */
import { basename } from "node:path";
import { lengthMs } from "../model/calendar.ts";
import { formatKey, matchKey } from "../model/key-pattern.ts";
import { nearest } from "../model/nearest.ts";
import type {
  EngineSettings,
  Lake,
  MartSettings,
  Place,
  Project,
  SecretReference,
  SourceSettings,
  TableSettings,
} from "../model/project.ts";
import { chosenAuthorities } from "./authorities.ts";
import { catalogSettings } from "./catalog.ts";
import { declaration, overlaySection, projectNamePattern } from "./declaration.ts";
import { engineSettings } from "./engine.ts";
import { emptyMapping, type Input, inputOf, keysOf, type MappingInput, member, memberLabel, overlay } from "./input.ts";
import { martSettings } from "./mart.ts";
import type { Files, Reading } from "./option.ts";
import { type Override, overrideLayer } from "./overrides.ts";
import type { WrittenPlace } from "./place.ts";
import { collectProblems, didYouMean, type Origin, type Problems, quote } from "./problems.ts";
import type { S3Values } from "./s3.ts";
import { sourceSettings } from "./source.ts";
import { bucketPlace } from "./store.ts";
import type { Environment } from "./substitute.ts";
import { tableSettings } from "./table.ts";
import { environmentLayer } from "./variables.ts";

export interface Surroundings {
  /** The project file; `undefined` for a project made in memory. */
  readonly file: string | undefined;
  /** Where relative paths start, absolute. */
  readonly directory: string;
  readonly environment: Environment;
  readonly files: Files;
  /** The target's name, and how it was chosen, for messages. */
  readonly target?: { readonly name: string; readonly chosenBy: string } | undefined;
  readonly overrides?: readonly Override[] | undefined;
}

/** A project made in memory, from the same keys as a project file. Throws one `usage` failure with all mistakes. */
export function normalizeProject(value: unknown, around: Surroundings): Project {
  const problems = collectProblems();
  const input = inputOf(value, problems);
  problems.throwIfAny();
  return normalizeInput(input ?? emptyMapping({ label: "" }), around, problems);
}

/** The same for what a file holds. `problems` may already hold findings of the parser; they are reported with the others. */
export function normalizeInput(written: Input, around: Surroundings, problems: Problems): Project {
  const input = mergeLayers(written, around, problems);
  const reading: Reading = {
    problems,
    environment: around.environment,
    directory: around.directory,
    files: around.files,
    names: {
      source: new Set(keysOf(member(input, "sources"))),
      table: new Set(keysOf(member(input, "tables"))),
      mart: new Set(keysOf(member(input, "marts"))),
    },
    partial: false,
    target: around.target?.name,
  };
  reportSharedNames(input, problems);
  const values = declaration.read(input, input.origin, reading)?.value;
  const sources = new Map<string, SourceSettings>();
  const tables = new Map<string, TableSettings>();
  const marts = new Map<string, MartSettings>();
  problems.throwIfAny();
  if (values === undefined) throw new Error("a value could not be read, but no problem was reported");
  const ca = chosenAuthorities(values.ca, undefined);
  const { raw, tables: tablesPlace, marts: martsPlace, writers } = values.lake;
  const placeOf = placesIn(values.s3, ca, around.environment, input, problems);
  const lake: Lake = {
    raw: placeOf("raw", raw),
    tables: placeOf("tables", tablesPlace),
    marts: placeOf("marts", martsPlace),
    writers,
  };
  for (const [name, each] of values.sources) sources.set(name, sourceSettings(name, each, ca));
  for (const [name, each] of values.tables) tables.set(name, tableSettings(name, each));
  const engine = engineSettings(values.engine, ca);
  for (const [name, each] of values.marts) marts.set(name, martSettings(name, each, engine.kind));
  reportFarDirectories(engine, lake, input, problems);
  reportMissingSpark(engine, tables, input, problems);
  reportSharedKeys(sources, input, problems);
  const name = values.name ?? nameOfDirectory(around.directory);
  const catalog = catalogSettings(
    values.catalog,
    { name, written: values.name !== undefined },
    (path, fact, remedy) => {
      const label = ["catalog", ...path].reduce(memberLabel, "");
      const origin = originBelow(input, ["catalog"]);
      problems.report(origin === undefined ? { label } : { ...origin, label }, fact, remedy);
    },
  );
  problems.throwIfAny();
  const { watch, gc, cache } = values;
  return {
    name,
    file: around.file,
    directory: around.directory,
    target: around.target?.name,
    lake,
    sources,
    tables,
    marts,
    engine,
    watch,
    gc: { retentionMs: gc.retention, versions: gc.versions },
    cache: { directory: cache.directory, bytesMax: cache.max },
    catalog,
  };
}

/** Gives each place the settings of its store; what does not fit is reported once, whichever places meet it. */
function placesIn(
  s3: S3Values,
  ca: SecretReference | undefined,
  environment: Environment,
  input: Input,
  problems: Problems,
): (name: keyof Lake & string, written: WrittenPlace) => Place {
  const reported = new Set<string>();
  return (name, written) => {
    if (written.kind === "directory") return written;
    return bucketPlace(written, s3, {
      environment,
      ca,
      report(path, fact, remedy) {
        const origin = originBelow(input, ["s3", ...path]) ?? {
          ...keyOrigin(input, "lake", name),
          label: ["s3", ...path].reduce(memberLabel, ""),
        };
        const line = `${origin.label}: ${fact}`;
        if (reported.has(line)) return;
        reported.add(line);
        problems.report(origin, fact, remedy);
      },
    });
  };
}

/** A server on another machine opens the files by itself: of this machine's directories it sees none, or its own. */
function reportFarDirectories(engine: EngineSettings, lake: Lake, input: Input, problems: Problems): void {
  if (engine.kind !== "spark" || engine.server.kind !== "url" || engine.server.isHere) return;
  const here = (["tables", "marts"] as const).filter((name) => lake[name].kind === "directory");
  if (here.length === 0) return;
  const names = here.map((name) => `lake.${name}`).join(" and ");
  const origin = originBelow(input, ["engine", "spark", "url"]) ?? { label: "engine.spark.url" };
  problems.report(
    origin,
    `the server is on another machine, and ${names} ${here.length === 1 ? "is a directory" : "are directories"} of this one`,
    "Keep tables and marts in buckets, or let Spark run here: spark: local",
  );
}

/** Only the project's Spark server can convert. */
function reportMissingSpark(
  engine: EngineSettings,
  tables: ReadonlyMap<string, TableSettings>,
  input: Input,
  problems: Problems,
): void {
  if (engine.kind === "spark") return;
  for (const { name, convert } of tables.values()) {
    if (convert === "native") continue;
    const path = `tables.${name}.convert`;
    const origin = originBelow(input, ["tables", name, "convert"]) ?? { label: path };
    problems.report(
      origin,
      "spark, and the project has no Spark server",
      "Add engine: { spark: local }, or leave it out",
    );
  }
}

function originBelow(input: Input, path: readonly string[]): Origin | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return input.origin;
  const inner = member(input, key);
  return inner === undefined ? undefined : originBelow(inner, rest);
}

function nameOfDirectory(directory: string): string {
  const name = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z]+/, "");
  return projectNamePattern.test(name) ? name : "project";
}

function mergeLayers(written: Input, around: Surroundings, problems: Problems): Input {
  let input = written.kind === "mapping" ? written : emptyMapping(written.origin);
  if (written.kind !== "mapping") {
    problems.report(written.origin, "expected a mapping with keys such as sources, tables and marts");
  }
  const lay = (layer: Input | undefined): void => {
    const merged = layer === undefined ? input : overlay(input, layer);
    if (merged.kind === "mapping") input = merged;
  };
  lay(targetLayer(input, around, problems));
  lay(environmentLayer(around.environment, declaration, input, problems));
  lay(overrideLayer(around.overrides ?? [], input));
  return input;
}

function targetLayer(input: MappingInput, { target }: Surroundings, problems: Problems): Input | undefined {
  if (target === undefined) return undefined;
  const targets = member(input, "targets");
  const chosen = member(targets, target.name);
  if (chosen === undefined) {
    const known = keysOf(targets);
    const others = known.length === 0 ? "The project declares no targets" : `The targets are ${known.join(", ")}`;
    problems.report(
      { label: target.chosenBy },
      `unknown target ${quote(target.name)}`,
      didYouMean(nearest(target.name, known), others),
    );
    return undefined;
  }
  if (chosen.kind !== "mapping") {
    if (chosen.kind === "list" || chosen.value !== null)
      problems.report(chosen.origin, "expected a mapping of keys to values");
    return undefined;
  }
  const entries = new Map(chosen.entries);
  for (const [key, { keyOrigin }] of chosen.entries) {
    if (Object.hasOwn(overlaySection.shape.fields, key)) continue;
    entries.delete(key);
    const known = Object.keys(overlaySection.shape.fields);
    problems.report(keyOrigin, "unknown key", didYouMean(nearest(key, known), `A target may hold ${known.join(", ")}`));
  }
  return { ...chosen, entries };
}

function keyOrigin(input: Input, section: string, name: string): Origin {
  const entries = member(input, section);
  const entry = entries?.kind === "mapping" ? entries.entries.get(name) : undefined;
  return entry?.keyOrigin ?? { label: `${section}.${name}` };
}

function reportSharedNames(input: Input, problems: Problems): void {
  const tables = new Set(keysOf(member(input, "tables")));
  for (const name of keysOf(member(input, "marts"))) {
    if (!tables.has(name)) continue;
    problems.report(
      keyOrigin(input, "marts", name),
      "a table has this name too",
      "Rename one: SQL sees both side by side",
    );
  }
}

/** Two sources must not write one key, nor a key below another's. */
function reportSharedKeys(sources: ReadonlyMap<string, SourceSettings>, input: Input, problems: Problems): void {
  const seen: SourceSettings[] = [];
  for (const source of sources.values()) {
    const other = seen.find((each) => keysMeet(each, source));
    if (other !== undefined) {
      const remedy = `Begin the key with the source's name: object: ${source.name}/…`;
      problems.report(
        keyOrigin(input, "sources", source.name),
        `its objects have the same keys as those of ${other.name}`,
        remedy,
      );
    }
    seen.push(source);
  }
}

/** Some instants with one and with two digits in every unit; patterns that meet do so at one of them. */
const probes = ["2025-01-02T03:00Z", "2025-11-12T13:00Z", "2024-02-29T00:00Z", "2025-12-31T23:00Z"].map((text) =>
  Date.parse(text),
);

function keysMeet(left: SourceSettings, right: SourceSettings): boolean {
  return probes.some((ms) => {
    const keyOf = (source: SourceSettings): string => {
      const length = lengthMs(source.every);
      return formatKey(source.object, { every: source.every, startMs: Math.floor(ms / length) * length });
    };
    const [leftKey, rightKey] = [keyOf(left), keyOf(right)];
    return (
      matchKey(right.object, leftKey) !== undefined ||
      matchKey(left.object, rightKey) !== undefined ||
      leftKey.startsWith(`${rightKey}/`) ||
      rightKey.startsWith(`${leftKey}/`)
    );
  });
}
