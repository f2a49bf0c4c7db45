/**
 * How S3A reaches the project's buckets, as settings of Hadoop. They hold keys, so they go into a file that only its user
 * can read, and nowhere else: Spark's own settings can be asked for by every session.
 */
import { asFailure, Failure } from "../errors.ts";
import type { BucketPlace, Place, SecretReference, StoreCredentials } from "../model/project.ts";

type ResolveSecret = (reference: SecretReference) => string;

/** Class names of `hadoop-aws` and of the SDK, in the packages they have since Hadoop 3.4. */
const providers = {
  keys: "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
  sessionKeys: "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider",
  profile: "org.apache.hadoop.fs.s3a.auth.ProfileAWSCredentialsProvider",
  chain: "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider",
} as const;

/** The settings of each bucket. Throws `usage` for what S3A cannot keep apart, and for secrets that cannot be read. */
export function s3aSettings(places: readonly Place[], resolveSecret: ResolveSecret): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const place of buckets(places).values()) {
    const { endpoint, region, pathStyle, credentials } = place.store;
    const set = (name: string, value: string): void => {
      settings.set(`fs.s3a.bucket.${place.bucket}.${name}`, value);
    };
    if (endpoint !== undefined) {
      set("endpoint", endpoint);
      set("connection.ssl.enabled", String(endpoint.startsWith("https:")));
    }
    set("endpoint.region", region);
    set("path.style.access", String(pathStyle));
    for (const [name, value] of credentialSettings(place.name, credentials, resolveSecret)) set(name, value);
  }
  return settings;
}

/** PEM texts of the authorities that the places name, each once. */
export function authoritiesOf(places: readonly Place[], resolveSecret: ResolveSecret): readonly string[] {
  const texts = [...buckets(places).values()].flatMap(({ name, store }) =>
    store.ca === undefined ? [] : [secret(`${name}: s3.ca`, store.ca, resolveSecret)],
  );
  return [...new Set(texts)];
}

export const hasBuckets = (places: readonly Place[]): boolean => buckets(places).size > 0;

/** One place of each bucket: S3A knows a bucket by its name alone. */
function buckets(places: readonly Place[]): ReadonlyMap<string, BucketPlace> {
  const found = new Map<string, BucketPlace>();
  for (const place of places) {
    if (place.kind !== "s3") continue;
    const other = found.get(place.bucket);
    if (other !== undefined && JSON.stringify(other.store) !== JSON.stringify(place.store)) {
      throw new Failure("usage", `${other.name} and ${place.name}: one bucket that is reached in two ways`, {
        remedy: "Spark tells buckets apart by their names alone: give the two places buckets of different names",
      });
    }
    found.set(place.bucket, place);
  }
  return found;
}

function credentialSettings(
  name: string,
  credentials: StoreCredentials,
  resolveSecret: ResolveSecret,
): readonly (readonly [string, string])[] {
  const said = (option: string, reference: SecretReference): string =>
    sayable(option, secret(option, reference, resolveSecret));
  const key = (kind: "access" | "secret", reference: SecretReference): readonly [string, string] => [
    `${kind}.key`,
    said(`${name}: s3.${kind}_key`, reference),
  ];
  switch (credentials.kind) {
    case "chain":
      return [["aws.credentials.provider", providers.chain]];
    case "profile":
      return [
        ["aws.credentials.provider", providers.profile],
        ["auth.profile.name", sayable(`${name}: s3.profile`, credentials.name)],
      ];
    case "keys": {
      const { accessKey, secretKey, sessionToken } = credentials;
      return [
        ["aws.credentials.provider", sessionToken === undefined ? providers.keys : providers.sessionKeys],
        key("access", accessKey),
        key("secret", secretKey),
        ...(sessionToken === undefined
          ? []
          : [["session.token", said(`${name}: s3.session_token`, sessionToken)] as const]),
      ];
    }
  }
}

function secret(option: string, reference: SecretReference, resolveSecret: ResolveSecret): string {
  try {
    return resolveSecret(reference).trim();
  } catch (error) {
    const failure = asFailure(error);
    throw new Failure("usage", `${option} cannot be read: ${failure.message}`, failure.detail);
  }
}

/** A file of Hadoop replaces `${name}` and has no way to say that it should not; XML has no control characters. */
function sayable(option: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
  if (value.includes("${") || /[\u0000-\u001f\u007f]/.test(value)) {
    throw new Failure("usage", `${option}: has a character sequence that Hadoop's settings cannot hold`, {
      remedy: "make keys without control characters and without a dollar sign before a brace",
    });
  }
  return value;
}
