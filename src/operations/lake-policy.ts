/**
 * Bucket policies for the roles of a lake, as an S3 store reads them, and lifecycle rules for what interrupted writers
 * leave behind. Pure: it is asked for before anything can be reached.
 */
import {
  type LakePolicies,
  type LifecycleRule,
  type PolicyDocument,
  type PolicyRequest,
  type PolicyRoleName,
  type PolicyStatement,
  type PolicyStore,
  policyRoleNames,
} from "../answers.ts";
import { Failure } from "../errors.ts";
import { dayMs } from "../model/calendar.ts";
import { probePrefix } from "../model/layout.ts";
import type { BucketPlace, Project, StoreProfileName, StoreSettings } from "../model/project.ts";
import { storeProfiles } from "../model/store-profiles.ts";
import type { StoreRight } from "../storage/contract.ts";
import { catalogPrefix, type Grant, type PlaceName, placeNames, policyRoles, stagingPrefix } from "./roles.ts";

/** Throws `usage` for a lake without buckets and for what a policy cannot say. */
export function lakePolicies(project: Project, request: PolicyRequest = {}): LakePolicies {
  const places = bucketPlaces(project);
  if (places.length === 0) {
    throw new Failure("usage", "all places of the lake are directories, which have no policies", {
      remedy:
        "rights of directories are those of their owner and group; for buckets write lake: { raw: s3://bucket/prefix }",
    });
  }
  for (const each of places) checkPrefix(each);
  checkPrincipals(request, places);
  const wanted = rolesWanted(request, project);
  const { principals } = request;
  const form = principals === undefined ? "role" : "bucket";
  const asked = places.filter(({ place }) => stores[place.store.profile].asks.includes(form));
  if (asked.length === 0) throw otherForm(places);
  return {
    roles: principals === undefined ? rolePolicies(asked, wanted) : [],
    buckets: groupBy(places, ({ place }) => place.bucket).map((members) => ({
      ...bucketOf(members),
      ...(principals === undefined ? {} : bucketPolicy(members, wanted, principals)),
      ...lifecycleOf(members, project.gc.retentionMs),
    })),
  };
}

interface StoreFacts {
  /** Whose policies it asks: those of users and roles, those of buckets. */
  readonly asks: readonly ("role" | "bucket")[];
  /** Which lifecycle rules it takes. */
  readonly lifecycle: "all" | "objects" | "none";
}

/**
 * MinIO and versitygw as they are in the versions that the tests run; the others as their manuals say: AWS
 * (AmazonS3/latest/userguide), Ceph (docs.ceph.com/en/latest/radosgw), Garage (garagehq.deuxfleurs.fr, S3 compatibility),
 * SeaweedFS and RustFS (their repositories).
 */
const stores: Readonly<Record<StoreProfileName, StoreFacts>> = {
  aws: { asks: ["role", "bucket"], lifecycle: "all" },
  seaweedfs: { asks: ["role", "bucket"], lifecycle: "all" },
  garage: { asks: [], lifecycle: "all" },
  ceph: { asks: ["role", "bucket"], lifecycle: "all" },
  rustfs: { asks: ["role", "bucket"], lifecycle: "all" },
  // Policies of buckets are for requests without a signature. Stale uploads end by themselves, and a rule is refused.
  minio: { asks: ["role"], lifecycle: "objects" },
  versitygw: { asks: ["role", "bucket"], lifecycle: "none" },
  other: { asks: ["role", "bucket"], lifecycle: "all" },
};

function otherForm(places: readonly NamedPlace[]): Failure {
  const profiles = places.map(({ place }) => place.store.profile);
  const profile = profiles.find((each) => stores[each].asks.length > 0) ?? "garage";
  const { title } = storeProfiles[profile];
  return stores[profile].asks.length === 0
    ? new Failure("usage", `${title} knows no policies`, {
        remedy: "give keys rights of whole buckets, as garage bucket allow --read --write BUCKET --key KEY does",
      })
    : new Failure("usage", `${title} asks the policies of users, not those of buckets`, {
        remedy: "leave --principal out, and attach each role's policy to its user",
      });
}

type BucketPolicies = LakePolicies["buckets"][number];

interface NamedPlace {
  readonly name: PlaceName;
  readonly place: BucketPlace;
}

type Some<T> = readonly [T, ...T[]];

function bucketPlaces({ lake }: Project): readonly NamedPlace[] {
  return placeNames.flatMap((name) => {
    const place = lake[name];
    return place.kind === "s3" ? [{ name, place }] : [];
  });
}

/** What a pattern of a policy would take for something else. */
function checkPrefix({ name, place }: NamedPlace): void {
  if (!/[*?]|\$\{/.test(place.prefix)) return;
  throw new Failure("usage", `lake.${name}: a policy cannot be limited to a prefix with *, ? or \${`, {
    remedy: "choose another prefix",
  });
}

/** A principal of everybody would make the lake public, and a name that a store does not know is refused by it late. */
function checkPrincipals({ principals }: PolicyRequest, places: readonly NamedPlace[]): void {
  const onAws = places.some(({ place }) => place.store.profile === "aws");
  for (const [role, names] of principals ?? []) {
    for (const name of names) {
      if (name.includes("*")) {
        throw new Failure("usage", `${role}: a principal with * would be everybody`, {
          remedy: "name the user or role, or several with --principal once for each",
        });
      }
      if (onAws && !/^(?:arn:aws[a-z-]*:(?:iam|sts)::\d{12}:\S+|\d{12})$/.test(name)) {
        throw new Failure("usage", `${role}: "${name}" is no principal of AWS`, {
          remedy: "write its ARN, for example arn:aws:iam::123456789012:role/lake",
        });
      }
    }
  }
}

function rolesWanted({ roles: named, principals }: PolicyRequest, { catalog }: Project): readonly PolicyRoleName[] {
  const useful = policyRoleNames.filter((role) => role !== "metastore" || catalog.kind === "hive");
  if (principals === undefined) return named ?? useful;
  const wanted = named ?? policyRoleNames.filter((role) => principals.has(role));
  const without = wanted.find((role) => !principals.has(role));
  if (without === undefined) return wanted;
  throw new Failure("usage", `the role ${without} has no principal`, {
    remedy: `name it: --principal ${without}=NAME`,
  });
}

/** A policy of a user or role is kept by one store, and speaks of its buckets only. */
function rolePolicies(places: readonly NamedPlace[], wanted: readonly PolicyRoleName[]): LakePolicies["roles"] {
  return groupBy(places, ({ place }) => storeName(place.store)).flatMap((members) =>
    wanted.flatMap((role) => {
      const statements = members.flatMap((each) => statementsOf(role, each));
      if (statements.length === 0) return [];
      const { store } = members[0].place;
      return [{ role, does: policyRoles[role].does, store: storeOf(store), policy: documentOf(statements) }];
    }),
  );
}

function bucketOf(members: Some<NamedPlace>): Pick<BucketPolicies, "bucket" | "store" | "places"> {
  const { bucket, store } = members[0].place;
  const places = members.map(({ name, place }) => ({ place: name, name: place.name }));
  return { bucket, store: storeOf(store), places };
}

function bucketPolicy(
  members: Some<NamedPlace>,
  wanted: readonly PolicyRoleName[],
  principals: NonNullable<PolicyRequest["principals"]>,
): Pick<BucketPolicies, "policy"> {
  if (!stores[members[0].place.store.profile].asks.includes("bucket")) return {};
  const statements = wanted.flatMap((role) =>
    members.flatMap((each) => {
      const names = principals.get(role);
      return names === undefined ? [] : statementsOf(role, each, { AWS: names });
    }),
  );
  return statements.length === 0 ? {} : { policy: documentOf(statements) };
}

/** Nothing that belongs to the lake ever expires: only what writers left that did not come to their end. */
function lifecycleOf(members: Some<NamedPlace>, retentionMs: number): Pick<BucketPolicies, "lifecycle"> {
  const { lifecycle } = stores[members[0].place.store.profile];
  if (lifecycle === "none") return {};
  const days = Math.max(1, Math.ceil(retentionMs / dayMs));
  return { lifecycle: { Rules: members.flatMap((each) => lifecycleRules(each, days, lifecycle === "all")) } };
}

const storeName = ({ endpoint, region }: StoreSettings): string => endpoint ?? `Amazon S3 in ${region}`;

function storeOf(store: StoreSettings): PolicyStore {
  const { profile, endpoint, region } = store;
  return { name: storeName(store), profile, endpoint, region };
}

const documentOf = (statements: readonly PolicyStatement[]): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: statements,
});

const objectActions: Readonly<Partial<Record<StoreRight, string>>> = {
  read: "s3:GetObject",
  write: "s3:PutObject",
  delete: "s3:DeleteObject",
  "abort uploads": "s3:AbortMultipartUpload",
};

/** The rights of a role in one place. */
function statementsOf(
  role: PolicyRoleName,
  { name, place }: NamedPlace,
  principal?: PolicyStatement["Principal"],
): readonly PolicyStatement[] {
  const grants = policyRoles[role].rights[name] ?? [];
  const statement = (about: string, rest: Pick<PolicyStatement, "Action" | "Resource" | "Condition">) => ({
    Sid: [role, name, about].map(capitalized).join(""),
    Effect: "Allow" as const,
    ...(principal === undefined ? {} : { Principal: principal }),
    ...rest,
  });
  const statements: PolicyStatement[] = [];
  const { bucket, prefix } = place;
  const bucketName = `${arnOf(place.store)}${bucket}`;
  const objects = (below = ""): string => `${bucketName}/${prefix === "" ? "" : `${prefix}/`}${below}*`;
  if (grants.some(({ right }) => right === "list")) {
    const limited = prefix === "" ? {} : { Condition: { StringLike: { "s3:prefix": [`${prefix}/*`] } } };
    statements.push(statement("list", { Action: ["s3:ListBucket"], Resource: [bucketName], ...limited }));
  }
  if (grants.some(({ right }) => right === "list uploads")) {
    // There is no condition by which this could be limited to a prefix.
    statements.push(statement("uploads", { Action: ["s3:ListBucketMultipartUploads"], Resource: [bucketName] }));
  }
  const whole = actionsOf(grants.filter(({ below }) => below === undefined));
  if (whole.length > 0) statements.push(statement("objects", { Action: whole, Resource: [objects()] }));
  for (const { right, below } of grants) {
    if (below === undefined) continue;
    statements.push(statement(`own ${right}`, { Action: actionsOf([{ right }]), Resource: below.map(objects) }));
  }
  if (name === "marts" && grants.some(({ right, below }) => right === "delete" && below === undefined)) {
    const kept = { Action: ["s3:DeleteObject"], Resource: [objects(catalogPrefix)] };
    statements.push({ ...statement("keep catalog", kept), Effect: "Deny" });
  }
  return statements;
}

const actionsOf = (grants: readonly Grant[]): readonly string[] =>
  grants.flatMap(({ right }) => objectActions[right] ?? []);

/** `own delete` → `OwnDelete`: the only characters that every store takes in an identifier. */
const capitalized = (words: string): string =>
  words.replaceAll(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase());

function arnOf({ profile, region }: StoreSettings): string {
  if (profile === "aws" && region.startsWith("cn-")) return "arn:aws-cn:s3:::";
  if (profile === "aws" && region.startsWith("us-gov-")) return "arn:aws-us-gov:s3:::";
  return "arn:aws:s3:::";
}

function lifecycleRules({ name, place }: NamedPlace, days: number, uploads: boolean): readonly LifecycleRule[] {
  const begin = place.prefix === "" ? "" : `${place.prefix}/`;
  const rule = (about: string, below: string) => ({
    ID: `millrace-${name}-${about}`,
    Status: "Enabled" as const,
    Filter: { Prefix: `${begin}${below}` },
  });
  return [
    ...(uploads ? [{ ...rule("uploads", ""), AbortIncompleteMultipartUpload: { DaysAfterInitiation: days } }] : []),
    { ...rule("staging", stagingPrefix), Expiration: { Days: days } },
    { ...rule("probe", probePrefix), Expiration: { Days: days } },
  ];
}

/** In the order of the first of each group. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly Some<T>[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
