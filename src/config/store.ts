/** The settings of a bucket's store: what `s3` says, what `s3.buckets.NAME` says differently, and what follows from both. */
import type {
  BucketPlace,
  SecretReference,
  StoreCredentials,
  StoreProfileName,
  StoreSettings,
} from "../model/project.ts";
import { storeProfiles } from "../model/store-profiles.ts";
import { chosenAuthorities } from "./authorities.ts";
import { isLoopbackHost } from "./host.ts";
import type { WrittenBucket } from "./place.ts";
import { credentialKeys, isRegion, type S3Values, type StoreValues } from "./s3.ts";
import { saidOf } from "./said.ts";
import type { Environment } from "./substitute.ts";

const parallelDefault = 32;

export interface StoreContext {
  readonly environment: Environment;
  /** The project's own authorities. */
  readonly ca: SecretReference | undefined;
  /** Reports at a key below `s3`, by its path: `["endpoint"]`, `["buckets", "gha-marts", "endpoint"]`. */
  report(path: readonly string[], fact: string, remedy: string): void;
}

/** Reports what does not fit together; what it answers is then not used. */
export function bucketPlace(written: WrittenBucket, s3: S3Values, context: StoreContext): BucketPlace {
  const own = s3.buckets.get(written.bucket);
  const pick = <K extends keyof StoreValues>(key: K): StoreValues[K] => own?.[key] ?? s3[key];
  const pathOf = (key: keyof StoreValues): readonly string[] =>
    own?.[key] === undefined ? [key] : ["buckets", written.bucket, key];
  const endpoint = saidOf(pick("endpoint"));
  const profile = pick("store") ?? (endpoint === undefined || isAmazon(endpoint) ? "aws" : "other");
  if (endpoint === undefined && profile !== "aws") {
    const remedy = "Name it: endpoint: https://host:port";
    context.report(pathOf("store"), `${profile} has no address of its own`, remedy);
  }
  if (endpoint?.startsWith("http:") && !isLoopback(endpoint) && pick("allow_http") !== true) {
    const remedy =
      "Write https://, with ca for a private authority; or allow_http: true where every host on the way is trusted";
    context.report(
      pathOf("endpoint"),
      "http:// to another machine, where everybody on the way can read and change the data",
      remedy,
    );
  }
  const ownCredentials = own !== undefined && credentialKeys.some((key) => own[key] !== undefined);
  const credentials = credentialsOf(own !== undefined && ownCredentials ? own : s3);
  const moved = own?.endpoint !== undefined && saidOf(own.endpoint) !== saidOf(s3.endpoint);
  if (moved && !ownCredentials && credentials.kind !== "chain") {
    const remedy =
      "Name those of this bucket: access_key and secret_key, or a profile (profile: none is the standard chain)";
    context.report(pathOf("endpoint"), "another endpoint, but the credentials are those of s3", remedy);
  }
  const store: StoreSettings = {
    profile,
    endpoint,
    region: pick("region") ?? regionOf(profile, context),
    pathStyle: pick("path_style") ?? storeProfiles[profile].pathStyle,
    ca: chosenAuthorities(pick("ca"), context.ca),
    credentials,
    parallel: pick("parallel") ?? parallelDefault,
  };
  return { ...written, store };
}

function credentialsOf(values: StoreValues): StoreCredentials {
  const profile = saidOf(values.profile);
  if (profile !== undefined) return { kind: "profile", name: profile };
  const [accessKey, secretKey] = [saidOf(values.access_key), saidOf(values.secret_key)];
  if (accessKey === undefined || secretKey === undefined) return { kind: "chain" };
  return { kind: "keys", accessKey, secretKey, sessionToken: saidOf(values.session_token) };
}

/** What AWS tools ask for the region, in their order. */
const regionVariables = ["AWS_REGION", "AWS_DEFAULT_REGION"] as const;

function regionOf(profile: StoreProfileName, { environment, report }: StoreContext): string {
  if (profile !== "aws") return "us-east-1";
  for (const name of regionVariables) {
    const value = environment[name];
    if (value === undefined || value === "") continue;
    if (!isRegion(value)) report(["region"], `the variable ${name} holds no region`, "Set it to one such as eu-west-1");
    return value;
  }
  report(
    ["region"],
    "missing: a bucket on AWS has a region",
    "Write s3: { region: eu-west-1 } or set AWS_REGION; for another store write s3: { endpoint: https://host:port }",
  );
  return "";
}

function isAmazon(endpoint: string): boolean {
  return /(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

/** `URL` has written every form of an address as one. */
function isLoopback(endpoint: string): boolean {
  return isLoopbackHost(new URL(endpoint).hostname);
}
