/** The small lake with raw, tables and marts in three buckets of a real store, a prefix for each lake. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localFiles, readProject } from "../../src/config/read.ts";
import { resolveSecret } from "../../src/config/secret.ts";
import type { Project } from "../../src/model/project.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { s3Storage } from "../../src/storage/s3/storage.ts";
import type { VersityGateway } from "../real/s3-servers.ts";
import { type PlaceName, placeNames } from "./damaged-lake.ts";
import { makeSmallLake, type SmallLake } from "./small-lake.ts";

export interface BucketLake extends SmallLake {
  readonly projectFile: string;
  readonly places: Readonly<Record<PlaceName, Storage>>;
  /** The directory in which the objects of the marts are files. */
  readonly martsDirectory: string;
  /** Keeps what this lake has learned of the stores, so that the next one need not test them again. */
  remove(): void;
}

export interface Buckets {
  another(): Promise<BucketLake>;
  remove(): void;
}

const bucketOf = (place: PlaceName): string => `small-${place}`;

export async function openBuckets(server: VersityGateway): Promise<Buckets> {
  const own = mkdtempSync(join(tmpdir(), "millrace-buckets-"));
  const keys = { access_key: join(own, "access"), secret_key: join(own, "secret") };
  writeFileSync(keys.access_key, server.accessKey, { mode: 0o600 });
  writeFileSync(keys.secret_key, server.secretKey, { mode: 0o600 });
  for (const place of placeNames) await server.createBucket(bucketOf(place));
  const notes = join(own, "stores.json");
  let lakes = 0;
  return {
    async another() {
      const prefix = `lake-${++lakes}`;
      const places = placeNames.map((place) => `${place}: "s3://${bucketOf(place)}/${prefix}"`).join(", ");
      const secrets = Object.entries(keys).map(([name, file]) => `, ${name}: "file:${file}"`);
      const lake = makeSmallLake(
        `lake: { ${places} }\ns3: { store: versitygw, endpoint: "${server.endpoint}", region: ${server.region}${secrets.join("")} }\n`,
      );
      const known = join(lake.directory, ".millrace", "stores.json");
      mkdirSync(join(lake.directory, ".millrace"));
      if (existsSync(notes)) cpSync(notes, known);
      const projectFile = join(lake.directory, "millrace.yaml");
      return {
        ...lake,
        projectFile,
        places: await openPlaces(readProject({ file: projectFile, environment: {} })),
        martsDirectory: join(server.objects, bucketOf("marts"), prefix),
        remove() {
          if (existsSync(known)) cpSync(known, notes);
          lake.remove();
        },
      };
    },
    remove: () => rmSync(own, { recursive: true, force: true }),
  };
}

/** Stores take no part below that but the last one. */
const smallestPart = 5 << 20;

/** Places whose larger objects go in parts. */
export const placesInParts = (project: Project): Promise<BucketLake["places"]> =>
  openPlaces(project, { singleBytesMax: smallestPart, partBytes: smallestPart });

async function openPlaces(
  project: Project,
  sizes?: { readonly singleBytesMax: number; readonly partBytes: number },
): Promise<BucketLake["places"]> {
  const open = (name: PlaceName): Promise<Storage> => {
    const place = project.lake[name];
    assert.ok(place.kind === "s3", `${place.name} is in no bucket`);
    return s3Storage(place, {
      resolveSecret: (reference) => resolveSecret(reference, {}, localFiles.readText),
      scratchRoot: join(project.directory, ".millrace", "scratch", name),
      ...(sizes === undefined ? {} : { sizes }),
    });
  };
  return { raw: await open("raw"), tables: await open("tables"), marts: await open("marts") };
}
