/**
 * What the launch of a metastore takes from its environment: one declaration from which the script reads, checks and explains them,
 * and from which the reference in `docs/metastore.md` is written.
 */

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** `required` where nothing can be guessed, else what stands for it when it is absent. */
  readonly fallback: { readonly required: true } | { readonly text: string; readonly shown?: string };
  /** Whether `<name>_FILE` may name a file with the value instead. Every secret may. */
  readonly hasFile: boolean;
  /** Whether it is taken out of the environment before a program is started. */
  readonly isSecret: boolean;
  readonly help: string;
}

/** What the script checks before it does anything. */
export type ParameterKind =
  /** One line without control characters and without what Hadoop's files would replace. */
  | { readonly kind: "line" }
  /** Any text: certificates, lines of settings. */
  | { readonly kind: "text" }
  | { readonly kind: "whole"; readonly least: number; readonly most: number }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  /** Of memory, as Java says it. */
  | { readonly kind: "size" };

const line: ParameterKind = { kind: "line" };
const required = { required: true } as const;

/** In the order in which they are explained. */
export const parameters: readonly Parameter[] = [
  say("METASTORE_DATABASE_HOST", line, required, "where PostgreSQL answers"),
  say("METASTORE_DATABASE_PORT", { kind: "whole", least: 1, most: 65_535 }, { text: "5432" }, "its port"),
  say("METASTORE_DATABASE_NAME", line, { text: "metastore" }, "the database, which must exist"),
  say("METASTORE_DATABASE_USER", line, required, "its user, who owns what is created there", { hasFile: true }),
  say("METASTORE_DATABASE_PASSWORD", line, required, "the user's password", { isSecret: true }),
  say(
    "METASTORE_DATABASE_SSLMODE",
    { kind: "choice", of: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] },
    { text: "", shown: "prefer; with METASTORE_DATABASE_CA verify-full" },
    "as PostgreSQL means it",
  ),
  say(
    "METASTORE_DATABASE_CA",
    { kind: "text" },
    { text: "", shown: "what Java trusts" },
    "the authority of PostgreSQL's certificate, as PEM",
    { hasFile: true },
  ),
  say(
    "METASTORE_DATABASE_WAIT",
    { kind: "whole", least: 0, most: 86_400 },
    { text: "120" },
    "seconds to wait until PostgreSQL answers",
  ),
  say(
    "METASTORE_SCHEMA",
    { kind: "choice", of: ["create", "check"] },
    { text: "create" },
    "whether a schema that is absent is created",
  ),
  say(
    "METASTORE_WAREHOUSE",
    line,
    required,
    "s3a://bucket/path, or a directory: where databases lie that name no place of their own",
  ),
  say("METASTORE_BIND", line, { text: "0.0.0.0" }, "the address to listen on"),
  say("METASTORE_PORT", { kind: "whole", least: 1, most: 65_535 }, { text: "9083" }, "the port to listen on"),
  say("METASTORE_MEMORY", { kind: "size" }, { text: "512m" }, "the heap of the JVM, such as 512m or 2g"),
  say("METASTORE_JAVA_OPTIONS", line, { text: "", shown: "none" }, "further options of the JVM, between spaces"),
  say(
    "METASTORE_LOG_LEVEL",
    { kind: "choice", of: ["error", "warn", "info", "debug"] },
    { text: "warn" },
    "what the metastore says, on the standard error",
  ),
  say(
    "METASTORE_EXIT_DELAY",
    { kind: "whole", least: 0, most: 86_400 },
    { text: "0" },
    "seconds to stay after an error, so that one can look inside",
  ),
  say("METASTORE_ALLOW_ROOT", { kind: "choice", of: ["no", "yes"] }, { text: "no" }, "whether root may run it"),
  say(
    "METASTORE_S3_ENDPOINT",
    line,
    { text: "", shown: "that of AWS" },
    "the S3 store's URL; every s3a:// location goes there",
  ),
  say("METASTORE_S3_REGION", line, { text: "us-east-1" }, "its region"),
  say(
    "METASTORE_S3_PATH_STYLE",
    { kind: "choice", of: ["true", "false"] },
    { text: "", shown: "true with an endpoint" },
    "whether buckets are in the path of its URLs",
  ),
  say(
    "METASTORE_S3_ACCESS_KEY",
    line,
    { text: "", shown: "the SDK's own chain" },
    "the access key; without one the usual variables, profiles and roles of AWS are asked",
    { isSecret: true },
  ),
  say("METASTORE_S3_SECRET_KEY", line, { text: "", shown: "none" }, "the secret key", { isSecret: true }),
  say("METASTORE_S3_SESSION_TOKEN", line, { text: "", shown: "none" }, "the token of keys that expire", {
    isSecret: true,
  }),
  say(
    "METASTORE_S3_CA",
    { kind: "text" },
    { text: "", shown: "what Java trusts" },
    "the authority of the store's certificate, as PEM; trusted beside what Java trusts",
    { hasFile: true },
  ),
  say(
    "METASTORE_SETTINGS",
    { kind: "text" },
    { text: "", shown: "none" },
    "further settings of metastore-site.xml, a line NAME=VALUE each; they come last and so win",
    { isSecret: true },
  ),
  say("METASTORE_HOME", line, { text: "", shown: "where the script lies" }, "the directory with lib/, s3/ and schema/"),
];

function say(
  name: string,
  kind: ParameterKind,
  fallback: Parameter["fallback"],
  help: string,
  { hasFile = false, isSecret = false }: { readonly hasFile?: boolean; readonly isSecret?: boolean } = {},
): Parameter {
  return { name, kind, fallback, help, hasFile: hasFile || isSecret, isSecret };
}

/** What the absence of it means, for people. */
export function fallbackShown({ fallback }: Parameter): string {
  return "required" in fallback ? "required" : (fallback.shown ?? fallback.text);
}
