/**
 * The small lake with its places in three buckets of one server. Every lake has a prefix of its own in all three, and what
 * was learned about the store is handed from lake to lake, so that its races are tested once and not by every test.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { App } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { localFiles, readProject } from "../../src/config/read.ts";
import { resolveSecret } from "../../src/config/secret.ts";
import type { Place, SecretReference } from "../../src/model/project.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { openStorage } from "../../src/storage/open.ts";
import { virtualEffects } from "../contract/source.ts";
import { clientOf, type VersityGateway } from "../real/s3-servers.ts";
import { contentOf, lakeOn, type PlaceName, placeNames } from "./damaged-lake.ts";
import { makeSmallLake, type SmallLake, startMs } from "./small-lake.ts";

export interface SmallS3Lake {
  /** Of the project and the archive. */
  readonly directory: string;
  /** Of the lake's keys in every bucket, without a slash. */
  readonly prefix: string;
  /**
   * An opened project on this lake; `days` moves its clock. Its requests go to `endpoint`, the server's own or a proxy's,
   * and waits between tries cost no time.
   */
  open(days: number, endpoint?: string): Promise<App>;
  /** Makes a project file in the lake's directory whose `s3:` says this and no more; `bucketOf` names other buckets. */
  projectFile(name: string, s3: Readonly<Record<string, unknown>>, bucketOf?: (place: PlaceName) => string): string;
  /** What `s3:` says in an ordinary project on this lake. */
  settings(endpoint: string): Readonly<Record<string, unknown>>;
  /** `bucket/key` of every object below the prefix, hidden ones too; the prefix is left out. */
  keys(): Promise<readonly string[]>;
  /** What `contentOf` says, read without any fault. */
  content(): Promise<Record<string, string>>;
  /** A copy of the server's own files, for `catalogFaults` and its like; the other two places are not there. */
  martsOnDisk(): SmallLake;
  remove(): void;
}

export interface SmallS3Lakes {
  make(): SmallS3Lake;
  close(): void;
}

/** Makes the buckets `raw`, `tables` and `marts`. */
export async function openSmallS3Lakes(server: VersityGateway): Promise<SmallS3Lakes> {
  for (const name of placeNames) await server.createBucket(name);
  const client = clientOf(server);
  const learned: Learned = { notes: undefined };
  let made = 0;
  return {
    make: () => makeLake(server, client, `lakes/${++made}`, learned),
    close: () => client.destroy(),
  };
}

/** The text of `.millrace/stores.json`. */
interface Learned {
  notes: string | undefined;
}

function makeLake(server: VersityGateway, client: S3Client, prefix: string, learned: Learned): SmallS3Lake {
  const small = makeSmallLake();
  const { directory } = small;
  const notesFile = join(directory, ".millrace", "stores.json");
  mkdirSync(join(directory, ".millrace"));
  if (learned.notes !== undefined) writeFileSync(notesFile, learned.notes);
  writeFileSync(join(directory, "access"), server.accessKey);
  writeFileSync(join(directory, "secret"), server.secretKey);
  const settings = (endpoint: string): Readonly<Record<string, unknown>> => ({
    ...{ store: "versitygw", endpoint, region: server.region },
    ...{ access_key: "file:access", secret_key: "file:secret" },
  });

  function projectFile(
    name: string,
    s3: Readonly<Record<string, unknown>>,
    bucketOf = (place: PlaceName): string => place,
  ): string {
    const file = join(directory, name);
    const lake = Object.fromEntries(placeNames.map((place) => [place, `s3://${bucketOf(place)}/${prefix}`]));
    const text = readFileSync(join(directory, "millrace.yaml"), "utf8");
    // JSON is YAML.
    writeFileSync(file, `${text}lake: ${JSON.stringify(lake)}\ns3: ${JSON.stringify(s3)}\n`);
    return file;
  }

  async function open(days: number, endpoint = server.endpoint): Promise<App> {
    const file = projectFile("s3.yaml", settings(endpoint));
    const project = readProject({ file, environment: {} });
    const storages = await placesOf(project.lake, directory);
    return openApp(project, {
      workers: 0,
      clock: () => startMs + days * 86_400_000,
      wrapStorage: (name) => storages[name],
    });
  }

  async function keysIn(bucket: PlaceName): Promise<readonly string[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` }));
    return Contents.map(({ Key = "" }) => `${bucket}/${Key.slice(prefix.length + 1)}`);
  }

  return {
    directory,
    prefix,
    open,
    projectFile,
    settings,
    keys: async () => (await Promise.all(placeNames.map(keysIn))).flat(),
    async content() {
      const file = projectFile("direct.yaml", settings(server.endpoint));
      const reading = lakeOn(await placesOf(readProject({ file, environment: {} }).lake, directory));
      try {
        return await contentOf(reading, 30);
      } finally {
        reading.remove();
      }
    },
    martsOnDisk() {
      const copy = join(directory, "lake", "marts");
      rmSync(copy, { recursive: true, force: true });
      const objects = join(server.objects, "marts", prefix);
      if (existsSync(objects)) cpSync(objects, copy, { recursive: true });
      return small;
    },
    remove() {
      if (existsSync(notesFile)) learned.notes = readFileSync(notesFile, "utf8");
      small.remove();
    },
  };
}

/** As the app opens them, but for the time that passes between tries. */
async function placesOf(
  lake: Readonly<Record<PlaceName, Place>>,
  directory: string,
): Promise<Readonly<Record<PlaceName, Storage>>> {
  const secretOf = (reference: SecretReference): string => resolveSecret(reference, {}, localFiles.readText);
  const open = (name: PlaceName): Promise<Storage> => {
    const scratchRoot = join(directory, ".millrace", "scratch", name);
    return openStorage(lake[name], { scratchRoot, effects: virtualEffects(), resolveSecret: secretOf });
  };
  return { raw: await open("raw"), tables: await open("tables"), marts: await open("marts") };
}
