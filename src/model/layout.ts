/** Names of everything in the lake (`designs/formats.md`), in both directions. Pure text; storage gives the places. */

const digits = (value: number, width: number): string => String(value).padStart(width, "0");

/** Name of the one object of a partition. */
export const partitionFile = "data.parquet";
/** How the directory of a partition begins; nothing else of a table does. */
export const partitionStem = "src=";

/** Key of a table's partition. `id` is the raw object's identity and the text value of `src`. */
export function partitionKey(table: string, id: string): string {
  return `${table}/src=${id}/${partitionFile}`;
}

/** The `src` of a partition's key, or `undefined` if the key is something else. */
export function partitionId(table: string, key: string): string | undefined {
  const head = table.length + 5;
  const tail = `/${partitionFile}`;
  if (!key.startsWith(`${table}/src=`) || !key.endsWith(tail)) return undefined;
  const id = key.slice(head, key.length - tail.length);
  return id === "" || id.includes("/") ? undefined : id;
}

/** Key of the rejected lines of one raw object's bytes, put before the partition that names it. */
export function rejectedKey(table: string, id: string, rawSha256: string): string {
  return `_rejected/${table}/${id}/${rawSha256.slice(0, 12)}.ndjson.gz`;
}

/** Below this lie the rejected lines of all tables. */
export const rejectedPrefix = "_rejected/";

/** What a key of rejected lines says: the table, the raw object's identity, and the first 12 hex digits of its sha256. */
export function parseRejectedKey(
  key: string,
): { readonly table: string; readonly id: string; readonly sha12: string } | undefined {
  const match = /^_rejected\/([^/]+)\/([^/]+)\/([0-9a-f]{12})\.ndjson\.gz$/.exec(key);
  const [, table, id, sha12] = match ?? [];
  return table === undefined || id === undefined || sha12 === undefined ? undefined : { table, id, sha12 };
}

export function schemaPrefix(table: string): string {
  return `${table}/_schema/`;
}

export function schemaKey(table: string, version: number): string {
  return `${schemaPrefix(table)}${digits(version, 20)}.json`;
}

/** The schema version that a key below `schemaPrefix` names, or `undefined` for the DDL files beside it. */
export function schemaVersion(key: string): number | undefined {
  const match = /\/_schema\/(\d{20})\.json$/.exec(key);
  return match === null ? undefined : Number(match[1]);
}

/** Key of a later revision of a raw object; revision 1 is the object itself. */
export function revisionKey(rawKey: string, revision: number): string {
  return revision === 1 ? rawKey : `_revisions/${rawKey}/${digits(revision, 4)}`;
}

export function parseRevisionKey(key: string): { readonly rawKey: string; readonly revision: number } | undefined {
  const match = /^_revisions\/(.+)\/(\d{4})$/.exec(key);
  if (match?.[1] === undefined) return undefined;
  return { rawKey: match[1], revision: Number(match[2]) };
}

/** Later revisions of raw objects whose keys begin with `prefix`. */
export function revisionPrefix(prefix: string): string {
  return `_revisions/${prefix}`;
}

/** Key of the mark that a gap was looked at by a person and accepted. */
export function acknowledgementKey(source: string, id: string): string {
  return `_acknowledged/${source}/${id}.json`;
}

export function acknowledgementPrefix(source: string): string {
  return `_acknowledged/${source}/`;
}

export function parseAcknowledgementKey(key: string): string | undefined {
  return /^_acknowledged\/[^/]+\/([^/]+)\.json$/.exec(key)?.[1];
}

/** Name of a mart's version directory. Begins with neither `_` nor `.` and holds no `=`, so engines take it for data. */
export function versionName(number: number, publishId: string): string {
  return `v${digits(number, 12)}-${publishId.slice(0, 8)}`;
}

/** What a version directory's name says: the number that its record has or would have, and how its publish id begins. */
export function parseVersionName(name: string): { readonly number: number; readonly publishId: string } | undefined {
  const match = /^v(\d{12})-([0-9a-f]{8})$/.exec(name);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { number: Number(match[1]), publishId: match[2] };
}

/** Below this lie the marks of versions that a collection of garbage is about to remove. */
export const removalPrefix = "_removing/";

/** Put before a version's directory is removed, and removed after it: whoever would publish the version again looks for it. */
export function removalKey(mart: string, version: string): string {
  return `${removalPrefix}${mart}/${version}`;
}

export const manifestFile = "_manifest.json";

export function manifestKey(mart: string, version: string): string {
  return `${mart}/${version}/${manifestFile}`;
}

/** What an engine of many machines leaves behind a job that it finished. */
export const successFile = "_SUCCESS";

/** Below this lies everything of one version. */
export function versionPrefix(mart: string, version: string): string {
  return `${mart}/${version}/`;
}

export function partKey(mart: string, version: string, part: string): string {
  return `${mart}/${version}/${part}`;
}

/** Small objects that are written to learn what a place does, and removed at once. */
export const probePrefix = "_probe/";

/** Key of an object that is written for the store's time alone. */
export function timeProbeKey(id: string): string {
  return `${probePrefix}time-${id}`;
}
