/** The checks of the project's Spark server, as `doctor` reports them. */
import type { DoctorCheck, RoleName } from "../answers.ts";
import { sparkVersions } from "../model/versions.ts";
import type { Parts, SparkServer } from "../reconcile/parts.ts";
import { asCheck, sparkFindings } from "./doctor-spark.ts";
import { askSpark } from "./doctor-spark-ask.ts";
import type { NamesWish } from "./doctor-spark-names.ts";
import type { SparkPlace } from "./doctor-spark-place.ts";
import { type PlaceName, placeNames, roles } from "./roles.ts";

/** The version of Spark whose protocol our client was generated from. */
const protocol = "4.2";
/** The client refuses what is older. */
const oldest = "4.0";

export async function sparkChecks(
  parts: Parts,
  server: SparkServer,
  role: RoleName,
  signal: AbortSignal | undefined,
): Promise<readonly DoctorCheck[]> {
  const begun = performance.now();
  const { clock, newId } = parts;
  const places = sparkPlaces(parts, role);
  const names = namesWish(parts, signal);
  const facts = await askSpark({ url: server.name, open: server.open, places, names, clock, newId, signal });
  const needsS3 = places.some(({ kind }) => kind === "s3");
  const findings = sparkFindings(facts, { releases: sparkVersions, protocol, oldest, needsS3 });
  // The questions are asked together: what they took is said once.
  const ms = Math.round(performance.now() - begun);
  return findings.map((finding, index) => asCheck(`Spark  ${server.name}`, finding, index === 0 ? ms : 0));
}

/** Spark reads tables and marts and writes marts. Where it converts, it reads raw objects and writes to tables. */
function sparkPlaces({ project, ...parts }: Parts, role: RoleName): readonly SparkPlace[] {
  const converts = [...project.tables.values()].some(({ convert }) => convert === "spark");
  return placeNames
    .filter((place) => (place !== "raw" || converts) && roles[role].rights[place] !== undefined)
    .map((place) => ({
      place,
      kind: project.lake[place].kind,
      storage: parts[place],
      access: (place === "marts" || (place === "tables" && converts)) && mayWrite(role, place) ? "write" : "read",
    }));
}

/** Any mart will do: the metastore either is the project's or is not. */
function namesWish({ project, catalog }: Parts, signal: AbortSignal | undefined): NamesWish | undefined {
  if (project.catalog.kind !== "hive") return undefined;
  return {
    metastore: project.catalog,
    async registered() {
      const found = await catalog.registered([...project.marts.keys()], signal === undefined ? {} : { signal });
      for (const each of found.values()) if (each.kind === "ours" && each.fault === undefined) return each;
      return undefined;
    },
  };
}

const mayWrite = (role: RoleName, place: PlaceName): boolean =>
  (roles[role].rights[place] ?? []).some(({ right, below }) => right === "write" && below === undefined);
