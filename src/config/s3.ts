/**
 * `s3`: how the stores are reached that hold the lake's buckets. Settings hold for every bucket; below `buckets` a bucket
 * may say each of them differently. Nothing here is needed for a lake on a disk.
 */
import { Failure } from "../errors.ts";
import { authorities } from "./authorities.ts";
import * as kind from "./kinds.ts";
import { type Kind, mismatch, optional, type ValuesOf } from "./option.ts";
import { checkBucketName } from "./place.ts";
import { orSaidNone } from "./said.ts";
import { secretReference } from "./secret-option.ts";
import { named, type Report, section } from "./section.ts";

/** `https://host:port`, without anything behind it. What it holds may be a password, so no message repeats it. */
const endpoint: Kind<string> = {
  words: "URL",
  expects: "a URL such as https://127.0.0.1:9000",
  schema: { type: "string" },
  parse(written) {
    if (written.includes("@")) {
      throw new Failure("usage", "the URL holds credentials", {
        remedy: "Take them out and name them: access_key: env:NAME, secret_key: env:NAME",
      });
    }
    if (/^[\w.-]+(:\d+)?$/.test(written)) {
      throw new Failure("usage", "a URL begins with https:// or http://", { remedy: `Write https://${written}` });
    }
    if (!/^https?:\/\//i.test(written) || !URL.canParse(written)) return mismatch;
    const url = new URL(written);
    if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
      throw new Failure("usage", "holds more than a host and its port", {
        remedy: `Write ${url.origin}; buckets and prefixes stand under lake`,
      });
    }
    return url.origin;
  },
};

const regionPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

export function isRegion(text: string): boolean {
  return regionPattern.test(text);
}

const region: Kind<string> = {
  words: "region",
  expects: "a region such as eu-west-1",
  schema: { type: "string" },
  parse: (written) => (isRegion(written) ? written : mismatch),
};

/** `absent` says what holds where a key is not written: its own default, or what `s3` says. */
function storeFields(absent: (own: string) => string) {
  return {
    store: optional(kind.choice("aws", "seaweedfs", "garage", "ceph", "rustfs", "minio", "versitygw", "other"), {
      doc:
        "What kind of store it is: it sets defaults and explains errors. What the store really does is tested by `doctor`, and " +
        "before the first write.",
      absent: absent("`aws`, with an endpoint elsewhere `other`"),
      example: "minio",
    }),
    endpoint: optional(orSaidNone(endpoint), {
      doc: "Where the store is. `none` is AWS, by region.",
      absent: absent("none"),
      example: "https://127.0.0.1:9000",
    }),
    region: optional(region, {
      doc: "The region of the bucket. For AWS it must be known; other stores mostly do not care.",
      absent: absent("for AWS `AWS_REGION` or `AWS_DEFAULT_REGION`, else us-east-1"),
      example: "eu-west-1",
    }),
    path_style: optional(kind.yesNo, {
      doc: "Whether the bucket stands in the path (`https://host/bucket/key`) or in the host's name (`https://bucket.host/key`).",
      absent: absent("false for AWS, else true"),
      example: "true",
    }),
    allow_http: optional(kind.yesNo, {
      doc:
        "Permits an endpoint with `http://` that is not on this machine: everybody on the way can then read and change the data. " +
        "Certificates are always checked; for a private authority there is `ca`.",
      absent: absent("false"),
      example: "true",
    }),
    ca: authorities({
      doc:
        "Certificate authorities to trust besides the usual ones: a PEM file, or `env:NAME` for a variable with PEM text. " +
        "`none` trusts only the usual ones.",
      absent: absent("the top-level `ca`"),
    }),
    access_key: optional(orSaidNone(secretReference), {
      doc: "Where the access key is. Without keys and profile the standard chain is asked: environment, shared files, web identity, container, instance.",
      absent: absent("none"),
      example: "env:LAKE_ACCESS_KEY",
    }),
    secret_key: optional(orSaidNone(secretReference), {
      doc: "Where the secret key is.",
      absent: absent("none"),
      example: "file:/run/secrets/lake-secret-key",
    }),
    session_token: optional(orSaidNone(secretReference), {
      doc: "Where the session token is, for keys that end.",
      absent: absent("none"),
      example: "env:LAKE_SESSION_TOKEN",
    }),
    profile: optional(orSaidNone(kind.text), {
      doc: "A profile of the shared files of AWS tools, instead of keys.",
      absent: absent("none"),
      example: "lake-writer",
    }),
    parallel: optional(kind.count(1, 1024), {
      doc: "Requests side by side to each of the lake's places.",
      absent: absent("32"),
      example: "8",
    }),
  };
}

type StoreFields = ReturnType<typeof storeFields>;
export type StoreValues = ValuesOf<StoreFields>;

/** Credentials are one thing: whoever names a part of them names all of them. */
export const credentialKeys = ["access_key", "secret_key", "session_token", "profile"] as const;

function checkCredentials(values: Partial<StoreValues>, report: Report<StoreFields>): void {
  const given = (key: (typeof credentialKeys)[number]): boolean => values[key] !== undefined && values[key] !== "none";
  if (given("profile")) {
    const beside = credentialKeys.find((key) => key !== "profile" && given(key));
    if (beside !== undefined) report("profile", `stands beside ${beside}`, "Keep one: either keys or a profile");
    return;
  }
  if (given("access_key") && !given("secret_key")) report("secret_key", "missing: access_key needs it");
  if (given("secret_key") && !given("access_key")) report("access_key", "missing: secret_key needs it");
  if (given("session_token") && !given("access_key") && !given("secret_key")) {
    report("session_token", "stands alone", "Name access_key and secret_key with it");
  }
}

const bucket = section(
  {
    doc:
      "What differs for one bucket. Keys that are not written are those of `s3`, but credentials are one thing: a bucket that " +
      "names a part of them takes none of them from `s3`, and one with an endpoint of its own must name them.",
  },
  storeFields(() => "as in `s3`"),
  checkCredentials,
);

export const s3 = section(
  { doc: "How buckets are reached. A lake in directories needs nothing of this." },
  {
    ...storeFields((own) => own),
    buckets: named(
      {
        doc: "Buckets that are reached in another way, by their names.",
        noun: "bucket",
        checkName: checkBucketName,
      },
      bucket,
    ),
  },
  checkCredentials,
);

export type S3Values = ValuesOf<typeof s3.shape.fields>;
