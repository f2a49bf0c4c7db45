/** Policies as files, the commands that attach them, and what a policy alone does not say. */
import type { LakePolicies, PolicyStore } from "../../answers.ts";
import type { Paint } from "./paint.ts";
import { visible, wrap } from "./text.ts";

export interface PolicyFile {
  readonly name: string;
  /** What it is for, in one line. */
  readonly about: string;
  /** JSON, to be handed to a tool as it is. */
  readonly text: string;
}

export function policyFiles(
  policies: LakePolicies,
  { lifecycle }: { readonly lifecycle: boolean },
): readonly PolicyFile[] {
  const several = storesOf(policies).length > 1;
  const roles = policies.roles.map(({ role, does, store, policy }) => ({
    name: roleFile(policies, role, store),
    about: `${role}: ${does}${several ? `, at ${store.name}` : ""}`,
    text: jsonOf(policy),
  }));
  const buckets = policies.buckets.flatMap(({ bucket, policy }) =>
    policy === undefined
      ? []
      : [{ name: `${bucket}.policy.json`, about: `who may do what in ${bucket}`, text: jsonOf(policy) }],
  );
  const rules = policies.buckets.flatMap(({ bucket, lifecycle: rules }) =>
    rules === undefined || !lifecycle
      ? []
      : [{ name: `${bucket}.lifecycle.json`, about: `what writers left unfinished in ${bucket}`, text: jsonOf(rules) }],
  );
  return [...roles, ...buckets, ...rules];
}

/** Lists of texts on one line. A line end is never part of a text in JSON, so nothing else is touched. */
function jsonOf(document: unknown): string {
  const listOfTexts = /\[\n\s+([^[\]{}]*?)\n\s+\]/g;
  return JSON.stringify(document, undefined, 2).replaceAll(
    listOfTexts,
    (_, items: string) => `[${items.replaceAll(/\n\s+/g, " ")}]`,
  );
}

/** A single document stands alone, so that it can go into a file or a pipe. */
export function renderPolicies(files: readonly PolicyFile[], paint: Paint): readonly string[] {
  return files.flatMap(({ name, about, text }, index) => {
    const head = index === 0 ? [] : [""];
    const title = `# ${visible(name)}   ${visible(about)}`;
    return [...(files.length === 1 ? [] : [...head, paint.accent(title)]), ...text.split("\n").map(visible)];
  });
}

/** One line for each document. What only the user knows stands in capitals. */
export function policyCommands(
  policies: LakePolicies,
  files: readonly PolicyFile[],
  pathOf: (file: string) => string,
): readonly string[] {
  const isThere = (name: string): boolean => files.some((file) => file.name === name);
  const roles = policies.roles.flatMap(({ role, store }) =>
    attachToRole(role, store, pathOf(roleFile(policies, role, store))),
  );
  const buckets = policies.buckets.flatMap(({ bucket, store, policy }) =>
    policy === undefined
      ? []
      : [s3api(store, [`put-bucket-policy --bucket ${bucket}`, `--policy file://${pathOf(`${bucket}.policy.json`)}`])],
  );
  const rules = policies.buckets.flatMap(({ bucket, store }) => {
    const name = `${bucket}.lifecycle.json`;
    const command = `put-bucket-lifecycle-configuration --bucket ${bucket}`;
    return isThere(name) ? [s3api(store, [command, `--lifecycle-configuration file://${pathOf(name)}`])] : [];
  });
  return [...roles, ...buckets, ...rules];
}

function attachToRole(role: string, store: PolicyStore, path: string): readonly string[] {
  const name = `millrace-${role}`;
  if (store.profile === "minio" || store.profile === "rustfs") {
    return [`mc admin policy create STORE ${name} ${path} && mc admin policy attach STORE ${name} --user ACCESS_KEY`];
  }
  const whose = store.endpoint === undefined ? "put-role-policy --role-name ROLE" : "put-user-policy --user-name USER";
  return [`aws iam ${whose} --policy-name ${name} --policy-document file://${path}${endpointOf(store)}`];
}

const s3api = (store: PolicyStore, parts: readonly string[]): string =>
  `aws s3api ${parts.join(" ")}${store.endpoint === undefined ? ` --region ${store.region}` : ""}${endpointOf(store)}`;

const endpointOf = ({ endpoint }: PolicyStore): string => (endpoint === undefined ? "" : ` --endpoint-url ${endpoint}`);

function storesOf({ buckets }: LakePolicies): readonly string[] {
  return [...new Set(buckets.map(({ store }) => store.name))];
}

/** Where places lie in several stores each of them has a policy of its own for a role. */
function roleFile(policies: LakePolicies, role: string, store: PolicyStore): string {
  const names = storesOf(policies);
  return names.length === 1 ? `${role}.policy.json` : `${role}.${names.indexOf(store.name) + 1}.policy.json`;
}

export function policyNotes(policies: LakePolicies, files: readonly PolicyFile[], width: number): readonly string[] {
  const notes: string[] = [];
  const profiles = new Set(policies.buckets.map(({ store }) => store.profile));
  const endsWith = (ending: string): boolean => files.some(({ name }) => name.endsWith(ending));
  if (policies.buckets.some(({ policy }) => policy !== undefined)) {
    notes.push("A bucket has one policy: put-bucket-policy replaces the one that is there.");
  }
  if (endsWith(".lifecycle.json")) {
    notes.push("A bucket has one lifecycle configuration: add these rules to those that are there.");
  }
  if (profiles.has("versitygw") && policies.roles.length > 0) {
    notes.push(
      "Users in versitygw's own directory (--iam-dir) have no policies: name them with --principal ROLE=ACCESS_KEY, which makes policies of buckets.",
    );
  }
  if (profiles.has("versitygw")) {
    notes.push("versitygw takes no lifecycle rules: millrace gc ends uploads that were never completed.");
  }
  if (profiles.has("aws")) {
    const marts = policies.buckets.flatMap(({ places }) => places).find(({ place }) => place === "marts");
    const catalog = marts === undefined ? "" : `, for example those below ${marts.name}/_catalog/`;
    notes.push(
      `Objects that are only ever created${catalog}, are put with If-None-Match: on AWS a bucket policy with the condition key s3:if-none-match can make the bucket refuse to replace them, whoever asks. See docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html.`,
      "Buckets that are encrypted with a key of your own also ask for kms:Decrypt and kms:GenerateDataKey on that key.",
    );
  }
  return notes.flatMap((note) => wrap(note, width));
}
