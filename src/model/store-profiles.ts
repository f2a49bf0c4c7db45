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
    conditions: { put: "yes", ifMatch: "yes", complete: "yes" },
    defects: [
      "Up to version 4.16 several racing writers win; conditions are settled under a lock since the change of March 2026.",
    ],
    source: "https://github.com/seaweedfs/seaweedfs/pull/8802",
    verified: false,
  },
  garage: {
    title: "Garage",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "no", ifMatch: "no", complete: "no" },
    defects: [
      "Its nodes agree on nothing before they answer, so no condition on a write can be kept: one writer only.",
    ],
    source: "https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/",
    verified: false,
  },
  ceph: {
    title: "Ceph RADOS Gateway",
    pathStyle: true,
    checksum: "md5",
    conditions: { put: "unknown", ifMatch: "unknown", complete: "unknown" },
    defects: ["Conditions on writes are an extension of its own that some releases ignore; doctor races it."],
    source: "https://github.com/ceph/s3-tests/issues/583",
    verified: false,
  },
  rustfs: {
    title: "RustFS",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "yes", ifMatch: "yes", complete: "yes" },
    defects: [
      "Early in 2026, writers that raced through several endpoints of a cluster all won.",
      "Until August 2026, readers of a key got 503 while a body was being put there under a condition.",
    ],
    source: "https://github.com/rustfs/rustfs/issues/1659",
    verified: false,
  },
  minio: {
    title: "MinIO",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "yes", ifMatch: "yes", complete: "yes" },
    defects: [
      "DELETE ignores If-Match.",
      "A put into a directory whose last object is being removed at that moment may answer AccessDenied.",
    ],
    source: "https://github.com/minio/minio",
    verified: true,
  },
  versitygw: {
    title: "Versity S3 Gateway",
    pathStyle: true,
    checksum: "crc32",
    conditions: { put: "yes", ifMatch: "yes", complete: "yes" },
    defects: [
      "Before the change of August 2026 several racing writers win.",
      "Parts of an upload carry a checksum either everywhere (Create, parts, Complete) or nowhere.",
      "Without --keep-alive every request opens a connection of its own.",
    ],
    source: "https://github.com/versity/versitygw/pull/2288",
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
