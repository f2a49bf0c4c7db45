/** What the facts about a Spark server mean: a verdict on each, and what to do. Pure. */
import type { DoctorCheck } from "../answers.ts";
import type { Failure } from "../errors.ts";
import type { Asked, MachineFacts, ServerDefaults, SessionFacts, SparkFacts } from "./doctor-spark-facts.ts";
import { nameFindings } from "./doctor-spark-names.ts";
import type { MatchedRelease, SparkExpectations } from "./doctor-spark-release.ts";
import { s3aFindings } from "./doctor-spark-s3a.ts";
import { clockFinding, resourceFinding, settingFindings } from "./doctor-spark-settings.ts";
import { fails, note, ok, type SparkFinding } from "./doctor-spark-verdict.ts";
import { committerFinding, placeFindings } from "./doctor-spark-writes.ts";

export function sparkFindings(facts: SparkFacts, expected: SparkExpectations): readonly SparkFinding[] {
  const { url, server, session } = facts;
  if ("failure" in server) return [unreachable(url, server.failure)];
  const version = server.value;
  const release = releaseOf(version, expected.releases);
  const found = [
    ok("server", `Spark ${version} at ${url}`),
    versionFinding(version, release, expected),
    protocolFinding(version, expected),
  ];
  return session === undefined ? found : [...found, ...sessionFindings(session, release, expected)];
}

function unreachable(url: string, { kind, message, detail }: Failure): SparkFinding {
  const starts = "start one (`millrace spark serve`), or name the one that runs as engine.spark.url";
  const token = "give the server's token as engine.spark.token: env:NAME";
  return fails("server", `${url}: ${message}`, detail.remedy ?? (kind === "denied" ? token : starts));
}

function sessionFindings(
  session: SessionFacts,
  release: MatchedRelease | undefined,
  expected: SparkExpectations,
): readonly SparkFinding[] {
  const { defaults, machine, s3a, clock, tasks, places, names } = session;
  return [
    ...answered("Java and Hadoop", machine, (value) => machineFindings(value, release)),
    ...answered("S3A", s3a, (value) =>
      s3aFindings(value, {
        machine: known(machine),
        addedJars: known(defaults)?.addedJars ?? "",
        release,
        expected,
      }),
    ),
    ...places.flatMap((place) => (place.write === undefined ? [] : committerFinding(place))),
    ...answered<ServerDefaults>("settings", defaults, settingFindings),
    ...answered("clock", clock, (value) => [clockFinding(value, expected.needsS3)]),
    ...answered("memory and cores", tasks, (value) => [resourceFinding(value, known(defaults))]),
    ...places.flatMap(placeFindings),
    ...(names === undefined ? [] : nameFindings(names)),
  ];
}

/** A question that the server did not answer is good to know about: what depends on it is found out by using it. */
function answered<T>(
  subject: string,
  asked: Asked<T>,
  judge: (value: T) => readonly SparkFinding[],
): readonly SparkFinding[] {
  if ("value" in asked) return judge(asked.value);
  const { message, detail } = asked.failure;
  const remedy = detail.remedy ?? "ask whoever runs the server; some servers forbid statements to call Java";
  return [note(subject, `the server does not say: ${message}`, remedy)];
}

const known = <T>(asked: Asked<T>): T | undefined => ("value" in asked ? asked.value : undefined);

/** The row of exactly that version, else one of the same line: what it bundles does not change within a line. */
function releaseOf(version: string, releases: readonly MatchedRelease[]): MatchedRelease | undefined {
  const exact = releases.find(({ spark }) => spark === version);
  return exact ?? releases.find(({ spark }) => compareVersions(lineOf(spark), lineOf(version)) === 0);
}

/** `4.2.0-SNAPSHOT` → `4.2` */
const lineOf = (version: string): string => version.split(".", 2).join(".");

/** Compares the numbers at the front of two versions; a missing one is 0. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): readonly number[] =>
    (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function versionFinding(
  version: string,
  release: MatchedRelease | undefined,
  { releases, oldest }: SparkExpectations,
): SparkFinding {
  const names = releases.map(({ spark }) => spark).join(", ");
  if (compareVersions(version, oldest) < 0) {
    return fails(
      "version",
      `${version} is older than ${oldest}, the first that millrace can use`,
      `run one of ${names}`,
    );
  }
  if (release === undefined) {
    return note(
      "version",
      `${version} is not in the version matrix (${names})`,
      `if something fails, try one of ${names}`,
    );
  }
  const tested = release.verified ? "which the project's tests run with" : "known from its sources alone";
  const like = release.spark === version ? "in the version matrix" : `of the line of ${release.spark}`;
  return ok("version", `${version}, ${like}, ${tested}`);
}

function protocolFinding(version: string, { protocol }: SparkExpectations): SparkFinding {
  const order = compareVersions(lineOf(version), lineOf(protocol));
  const spoken = `ours is that of Spark ${protocol}`;
  if (order === 0) return ok("protocol", `${spoken}, and so is the server's`);
  const other = `the server's is that of ${lineOf(version)}`;
  if (order < 0) return ok("protocol", `${spoken}, ${other}; what it lacks is not asked of it`);
  return ok("protocol", `${spoken}, ${other}, which understands the older one`);
}

function machineFindings({ java, hadoop }: MachineFacts, release: MatchedRelease | undefined): readonly SparkFinding[] {
  return [javaFinding(java, release), hadoopFinding(hadoop, release)];
}

function javaFinding(java: string, release: MatchedRelease | undefined): SparkFinding {
  const major = Number(/^(?:1\.)?(\d+)/.exec(java)?.[1] ?? Number.NaN);
  if (release === undefined || release.java.includes(major)) return ok("Java", java);
  const wanted = release.java.join(", ");
  return note(
    "Java",
    `${java}; Spark ${lineOf(release.spark)} is made for ${wanted}`,
    `start the server with Java ${wanted}`,
  );
}

function hadoopFinding(hadoop: string, release: MatchedRelease | undefined): SparkFinding {
  if (release === undefined || release.hadoop === hadoop) return ok("Hadoop", hadoop);
  return note(
    "Hadoop",
    `${hadoop}; Spark ${release.spark} brings ${release.hadoop}`,
    `use a distribution with Hadoop ${release.hadoop}, or take care that every jar of S3A is for ${hadoop}`,
  );
}

/** As `doctor` reports it, under its group. */
export function asCheck(group: string, finding: SparkFinding, ms: number): DoctorCheck {
  return { group, ...finding, needed: finding.verdict === "note" ? "nobody" : "everyone", roles: [], ms };
}
