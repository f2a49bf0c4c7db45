/** Tests every connection and right that the project needs, and says what to do about each finding. */
import type { DoctorCheck, DoctorOptions, DoctorReport, RoleName } from "../answers.ts";
import { asFailure, Failure } from "../errors.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { ProbeFinding } from "../storage/contract.ts";
import { formerNamesOf } from "./catalog-list.ts";
import { hiveTypes, type NamesFinding } from "./doctor-names.ts";
import { sparkChecks } from "./doctor-spark-checks.ts";
import { type PlaceName, placeNames, roles } from "./roles.ts";

export async function doctor(
  parts: Parts,
  options: DoctorOptions & { readonly signal?: AbortSignal },
): Promise<DoctorReport> {
  const { project } = parts;
  const role = options.role ?? "run";
  const checks: DoctorCheck[] = [];
  const note = (check: DoctorCheck): void => {
    checks.push(check);
    options.onCheck?.(check);
  };
  const check = async (group: string, subject: string, job: () => Promise<string | NamesFinding>): Promise<void> => {
    const begun = performance.now();
    const about = { group, subject, needed: "everyone", roles: [] } as const;
    try {
      const found = await job();
      const told = typeof found === "string" ? { verdict: "ok" as const, finding: found, remedy: undefined } : found;
      const needed = told.verdict === "note" ? "nobody" : about.needed;
      note({ ...about, needed, ...told, ms: elapsedMs(begun) });
    } catch (error) {
      options.signal?.throwIfAborted();
      const { message, detail } = asFailure(error);
      note({ ...about, verdict: "fails", finding: message, remedy: detail.remedy, ms: elapsedMs(begun) });
    }
  };
  await check("this machine", "node", async () => `${process.version} on ${process.platform} ${process.arch}`);
  await check("this machine", "project", async () => projectText(parts));
  for (const place of placeNames) {
    if (roles[role].rights[place] !== undefined) await checkPlace(parts, place, role, options.signal, note);
  }
  if (role === "run" || role === "collector") {
    for (const name of project.sources.keys()) {
      await check("sources", name, async () => (await parts.source(name)).probe(callOptions(options.signal)));
    }
  }
  if (roles[role].rights.marts !== undefined) {
    if (parts.spark === undefined) {
      await check("engine and catalog", "engine", async () => (await parts.engine()).version());
    } else for (const found of await sparkChecks(parts, parts.spark, role, options.signal)) note(found);
    await check("engine and catalog", "catalog", async () => {
      const marts = await parts.catalog.marts(callOptions(options.signal));
      return `${parts.catalog.name}: ${counted(marts.length, "mart")}`;
    });
    if (!parts.catalog.registersItself) {
      if (mayDo(role, "marts", "write"))
        await check("engine and catalog", "metastore", () => provenText(parts, options.signal));
      await check("engine and catalog", "names", () => namesText(parts, options.signal));
      await check("engine and catalog", "types by name", () => hiveTypes(parts, options.signal));
    }
  }
  return { role, checks, exitCode: checks.some(({ verdict }) => verdict === "fails") ? 5 : 0 };
}

const elapsedMs = (begun: number): number => Math.round(performance.now() - begun);

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

/** Whether writers that race are kept apart is tried, on a table that is removed again. */
async function provenText({ catalog, project }: Parts, signal: AbortSignal | undefined): Promise<string> {
  const { what, findings } = await catalog.prove(project.lake.writers, callOptions(signal));
  return [what, ...findings].join("; ");
}

async function namesText(parts: Parts, signal: AbortSignal | undefined): Promise<string> {
  const { catalog, project } = parts;
  const marts = [...project.marts.keys()];
  const found = await catalog.registered(marts, callOptions(signal));
  const taken = [...found].flatMap(([mart, each]) => (each.kind === "foreign" ? [{ mart, ...each }] : []));
  const [first, ...others] = taken.map(
    ({ mart, name, what }) =>
      new Failure("conflict", `mart ${mart}: the name ${name} is taken by ${what}`, {
        remedy: `give it another name or another database (marts.${mart}.database), or drop that one yourself`,
      }),
  );
  if (first !== undefined) throw new Failure("conflict", first.message, { ...first.detail, others });
  const wrong = [...found].filter(([, each]) => each.kind === "ours" && each.fault !== undefined).length;
  const faults = wrong === 0 ? "" : `, ${wrong} not as they should be: the next run puts them right`;
  return `${found.size} of ${counted(marts.length, "mart")} registered${faults}${await formerText(parts, signal)}`;
}

/** Names where the project has none are no fault: somebody may read by them. */
async function formerText(parts: Parts, signal: AbortSignal | undefined): Promise<string> {
  const former = await formerNamesOf(parts, parts.catalog, signal);
  const names = former.slice(0, 3).map(({ name }) => name);
  if (former.length > names.length) names.push("…");
  const which = `${counted(former.length, "name")} elsewhere (${names.join(", ")})`;
  return former.length === 0 ? "" : `, ${which} of marts that moved or are gone: millrace catalog export --drop-former`;
}

function projectText({ project }: Parts): string {
  const { sources, tables, marts, file = "in memory" } = project;
  const what = [counted(sources.size, "source"), counted(tables.size, "table"), counted(marts.size, "mart")];
  return `${file}: ${what.join(", ")}`;
}

async function checkPlace(
  parts: Parts,
  place: PlaceName,
  role: RoleName,
  signal: AbortSignal | undefined,
  note: (check: DoctorCheck) => void,
): Promise<void> {
  const storage = parts[place];
  const group = `lake.${place}  ${storage.name}`;
  const access = mayDo(role, place, "write") || role === "gc" ? "write" : "read";
  let begun = performance.now();
  for await (const found of storage.probe({ depth: "all", access, ...callOptions(signal) })) {
    const { subject, finding, remedy, needed, right } = found;
    note({
      group,
      subject,
      verdict: verdictOf(found, role, parts.project.lake.writers),
      finding,
      remedy: withPolicy(parts.project.lake[place].kind, place, found) ?? remedy,
      needed,
      roles: right === undefined ? [] : whoNeeds(place, right),
      ms: elapsedMs(begun),
    });
    begun = performance.now();
  }
}

/** What does not hold fails where this project, in this role, cannot do without it; elsewhere it is good to know. */
function verdictOf(
  { ok, needed }: ProbeFinding,
  role: RoleName,
  writers: Parts["project"]["lake"]["writers"],
): DoctorCheck["verdict"] {
  if (ok) return "ok";
  switch (needed) {
    case "everyone":
      return "fails";
    case "several writers":
      return writers === "several" ? "fails" : "note";
    case "gc":
      return role === "gc" ? "fails" : "note";
    case "nobody":
      return "note";
  }
}

/** Where policies give the rights, one command prints all that a role needs. */
function withPolicy(
  kind: "directory" | "s3",
  place: PlaceName,
  { ok, right, remedy }: ProbeFinding,
): string | undefined {
  const [first] = right === undefined ? [] : whoNeeds(place, right);
  if (ok || kind === "directory" || first === undefined) return undefined;
  const all = `\`millrace lake policy --role ${first}\` prints all that the role needs`;
  return remedy === undefined ? all : `${remedy}; ${all}`;
}

type Right = NonNullable<ProbeFinding["right"]>;

const grants = (role: RoleName, place: PlaceName) => roles[role].rights[place] ?? [];

/** In the whole place, not only in a corner of it. */
function mayDo(role: RoleName, place: PlaceName, right: Right): boolean {
  return grants(role, place).some((grant) => grant.right === right && grant.below === undefined);
}

/** The roles that do one thing each: all others are made of them. */
const singleRoles: readonly RoleName[] = ["collector", "converter", "marts", "gc"];

function whoNeeds(place: PlaceName, right: Right): readonly RoleName[] {
  return singleRoles.filter((role) => mayDo(role, place, right));
}
