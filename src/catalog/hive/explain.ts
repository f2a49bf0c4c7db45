/**
 * What to do about something that a metastore answers. It says almost everything with one exception, so that the fix is looked for in
 * its words; what is decided is decided by looking at what stands there, never by words.
 */
import { Failure } from "../../errors.ts";
import { isUnknownMethod } from "../../thrift/errors.ts";
import { MetastoreException } from "./exception.ts";

/** The version that has both what Spark's built-in client asks for and the compare-and-swap. */
export const fitVersion = "4.0.0";

const fixes: readonly (readonly [RegExp, string])[] = [
  [
    /No FileSystem for scheme|ClassNotFoundException: Class org\.apache\.hadoop\.fs|ClassNotFoundException: .*[Ss]3/i,
    "the metastore cannot open such locations: give it hadoop-aws with its jars, and `fs.s3a.*` in its metastore-site.xml",
  ],
  [
    /credential|InvalidAccessKeyId|SignatureDoesNotMatch/i,
    "the metastore has no right to that place: give it credentials of its own, `fs.s3a.access.key` and so on",
  ],
  [
    /unable to create|failed to create|permission denied|access ?denied|forbidden|not a directory|Mkdirs failed|read-only file system/i,
    "let the metastore's own user make or see that place, or name another one: `catalog: { location: … }`",
  ],
  [
    /version information not found|relation .* does not exist|table .* doesn'?t exist|required table missing|schema version|ORA-00942/i,
    "the metastore's database has no schema of its version: `millrace metastore init` makes it",
  ],
  [
    /types incompatible with the existing columns/i,
    "set `metastore.disallow.incompatible.col.type.changes` to false in its metastore-site.xml",
  ],
];

/** The failure with what it happened to in front, and the fix behind. */
export function explained(error: unknown, subject: string): unknown {
  if (isUnknownMethod(error) && error instanceof Failure) {
    return new Failure("denied", `${subject}: ${error.message}`, {
      remedy: `it lacks what is needed, as other versions do: use Hive Metastore ${fitVersion}`,
      cause: error,
    });
  }
  if (!(error instanceof MetastoreException)) return error;
  const fix = fixes.find(([pattern]) => pattern.test(error.words))?.[1];
  const remedy = fix ?? "the metastore's own log says more";
  const words = error.words === "" ? `${error.exception} and nothing else` : error.words;
  return new Failure(error.kind, `${subject}: the metastore answers: ${words}`, { remedy, cause: error });
}
