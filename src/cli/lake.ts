import { type PolicyRequest, type PolicyRoleName, policyRoleNames } from "../answers.ts";
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";
import type { Call, Command } from "./command.ts";
import { writeNew } from "./init.ts";
import { list, text } from "./option.ts";
import { type PolicyFile, policyCommands, policyFiles, policyNotes, renderPolicies } from "./terminal/policy-report.ts";
import { visible } from "./terminal/text.ts";

const options = {
  role: list("role", "ROLE", `the policy of one role: ${policyRoleNames.join(", ")}`),
  principal: list(
    "principal",
    "ROLE=NAME",
    "who has a role: an ARN on AWS, an access key elsewhere; makes bucket policies",
  ),
  directory: text("directory", "DIR", "write each document into a new file there"),
} as const;

export const lake: Command = {
  name: "lake",
  purpose: "bucket policies and lifecycle rules for a lake on S3",
  usage: ["lake policy [options]"],
  arguments: { least: 1, most: 1, names: "policy" },
  options: Object.values(options),
  examples: [
    ["lake policy --role collector", "what a process that only collects may do: a policy for its user or role"],
    ["lake policy --directory policies", "every role and the lifecycle rules as files, and how to attach them"],
    [
      "lake policy --principal run=arn:aws:iam::123456789012:role/lake --principal reader=arn:aws:iam::123456789012:role/bi",
      "one policy for each bucket, which names who has which role",
    ],
    ["--target prod lake policy --json", "the same for another place, as data"],
  ],
  notes: [
    "Roles: collector, converter and marts are the three stages of run --only; run is all of them in one process; gc collects garbage; reader is query; auditor is status, explain, schema and verify; metastore is what a Hive Metastore itself needs, with credentials of its own. Each gets the rights that it uses and nothing else, limited to the prefixes of the lake.",
    "Nothing is sent to a store, and no credentials are needed.",
  ],
  async run(call) {
    const [action = ""] = call.words;
    if (action !== "policy") {
      const near = nearest(action, ["policy"]);
      throw new Failure("usage", `millrace lake: expected policy, got "${action}"`, {
        remedy: near === undefined ? "see millrace lake --help" : `did you mean millrace lake ${near}?`,
      });
    }
    const [{ readProject }, { lakePolicies }] = await Promise.all([import("../config/read.ts"), import("../app.ts")]);
    const { file, target, json } = call.common;
    const project = readProject({ directory: call.cwd, file, target, environment: call.env });
    const request = requestOf(call);
    const policies = lakePolicies(project, request);
    // Who asks for one role wants its policy and nothing beside it.
    const files = policyFiles(policies, { lifecycle: request.roles === undefined });
    const directory = call.read(options.directory);
    if (directory !== undefined) await writeFiles(call, directory, files);
    if (json) call.out.printJson(policies);
    else if (directory === undefined) call.out.print(...renderPolicies(files, call.out.paint));
    else call.out.print(`Wrote ${files.map(({ name }) => visible(name)).join(", ")} in ${visible(directory)}.`);
    if (json || call.common.quiet) return 0;
    const pathOf = (name: string): string =>
      directory === undefined ? name : `${directory.replace(/\/$/, "")}/${name}`;
    const { paint } = call.err;
    const commands = policyCommands(policies, files, pathOf).map((line) => `  ${paint.accent(visible(line))}`);
    const notes = policyNotes(policies, files, call.err.width()).map(paint.quiet);
    call.err.print("", ...commands, ...(notes.length === 0 ? [] : ["", ...notes]));
    return 0;
  },
};

function requestOf(call: Call): PolicyRequest {
  const named = call.read(options.role).map((role) => roleOf("--role", role));
  const principals = new Map<PolicyRoleName, string[]>();
  for (const given of call.read(options.principal)) {
    const [, role, name] = /^([^=]*)=(.+)$/s.exec(given) ?? [];
    if (role === undefined || name === undefined) {
      throw new Failure("usage", `--principal: expected ROLE=NAME, got "${given}"`, {
        remedy: "for example --principal collector=arn:aws:iam::123456789012:role/collector",
      });
    }
    const who = roleOf("--principal", role);
    principals.set(who, [...(principals.get(who) ?? []), name]);
  }
  return {
    ...(named.length === 0 ? {} : { roles: policyRoleNames.filter((role) => named.includes(role)) }),
    ...(principals.size === 0 ? {} : { principals }),
  };
}

function roleOf(flag: string, given: string): PolicyRoleName {
  const found = policyRoleNames.find((role) => role === given);
  if (found !== undefined) return found;
  const near = nearest(given, policyRoleNames);
  throw new Failure("usage", `${flag}: unknown role "${given}"`, {
    remedy: near === undefined ? `the roles are ${policyRoleNames.join(", ")}` : `did you mean ${near}?`,
  });
}

async function writeFiles(call: Call, directory: string, files: readonly PolicyFile[]): Promise<void> {
  const { resolve } = await import("node:path");
  await writeNew(resolve(call.cwd, directory), new Map(files.map(({ name, text }) => [name, `${text}\n`])));
}
