/**
 * What is known of the stores that speak S3, as data: how they are addressed, which integrity header they check, which
 * conditions they keep, and what bites. `doctor` tests every store itself; a profile only sets defaults and explains.
 */
import type { StoreProfileName } from "./project.ts";

export interface StoreProfile {
  /** What people call it. */
  readonly title: string;
  /** Whether `https://host/bucket/key` is the form to begin with. */
  readonly pathStyle: boolean;
  /** The header that carries an upload's precomputed checksum. */
  readonly checksum: "crc32" | "md5" | "none";
  readonly conditions: {
    /** `If-None-Match: *` on PutObject: exactly one of racing writers wins. */
    readonly put: Expectation;
    /** `If-Match: <ETag>` on PutObject. */
    readonly ifMatch: Expectation;
    /** `If-None-Match: *` on CompleteMultipartUpload. */
    readonly complete: Expectation;
  };
  /** Known defects and oddities, one sentence each. */
  readonly defects: readonly string[];
  /** Where this was read. */
  readonly source: string;
  /** Whether the project's own tests run against this store. */
  readonly verified: boolean;
}

/** `yes` and `no` as its makers say or as was seen; `unknown` until the probe has looked. */
export type Expectation = "yes" | "no" | "unknown";

export const storeProfiles: Readonly<Record<StoreProfileName, StoreProfile>> = {
  aws: {
    title: "Amazon S3",
    pathStyle: false,
    checksum: "crc32",
    conditions: { put: "yes", ifMatch: "yes", complete: "yes" },
    defects: ["A conditional request that meets another one may answer 409 and is repeated."],
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
    verified: false,
  },
  seaweedfs: {
    title: "SeaweedFS",
    pathStyle: true,
    checksum: "md5",
    conditions: { put: "unknown", ifMatch: "unknown", complete: "unknown" },
    defects: [],
    source: "https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API",
    verified: false,
  },
  garage: {
    title: "Garage",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "no", ifMatch: "no", complete: "no" },
    defects: [],
    source: "https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/",
    verified: false,
  },
  ceph: {
    title: "Ceph RADOS Gateway",
    pathStyle: true,
    checksum: "md5",
    conditions: { put: "unknown", ifMatch: "unknown", complete: "unknown" },
    defects: [],
    source: "https://docs.ceph.com/en/latest/radosgw/s3/",
    verified: false,
  },
  rustfs: {
    title: "RustFS",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "unknown", ifMatch: "unknown", complete: "unknown" },
    defects: [],
    source: "https://github.com/rustfs/rustfs",
    verified: false,
  },
  minio: {
    title: "MinIO",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "yes", ifMatch: "yes", complete: "yes" },
    defects: ["DELETE ignores If-Match."],
    source: "https://github.com/minio/minio",
    verified: true,
  },
  versitygw: {
    title: "Versity S3 Gateway",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "yes", ifMatch: "yes", complete: "yes" },
    defects: ["Parts of an upload carry a checksum either everywhere (Create, parts, Complete) or nowhere."],
    source: "https://github.com/versity/versitygw/wiki",
    verified: true,
  },
  other: {
    title: "a store that speaks S3",
    pathStyle: true,
    checksum: "md5",
    conditions: { put: "unknown", ifMatch: "unknown", complete: "unknown" },
    defects: [],
    source: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html",
    verified: false,
  },
};
