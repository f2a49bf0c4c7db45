/** What a Spark server may do in the places of the lake, and how it commits what it writes there. */
import type { Failure } from "../errors.ts";
import type { PlaceFacts } from "./doctor-spark-facts.ts";
import { fails, note, ok, type SparkFinding } from "./doctor-spark-verdict.ts";

export function placeFindings({ place, name, kind, read, write }: PlaceFacts): readonly SparkFinding[] {
  const subject = (what: string): string => `${what} ${place}`;
  const found: SparkFinding[] = [];
  if (read !== undefined) {
    if ("failure" in read) found.push(refused(subject("read"), name, read.failure, kind));
    else if (read.value === "absent")
      found.push(notThere(subject("read"), `${read.key} is not there for the server`, kind));
    else found.push(ok(subject("read"), `the server reads ${read.key}`));
  }
  if (write === undefined) return found;
  if ("failure" in write) return [...found, refused(subject("write"), name, write.failure, kind)];
  const { seen, replaced, left } = write.value;
  if (seen === "nothing") {
    return [...found, notThere(subject("write"), "what the server wrote is not there for us", kind)];
  }
  found.push(ok(subject("write"), `the server writes to ${name}`));
  if ("failure" in replaced) found.push(refused(subject("delete"), name, replaced.failure, kind));
  else if (replaced.value) found.push(ok(subject("delete"), "the server removes what it replaces"));
  else {
    found.push(
      fails(subject("delete"), "what the server should have replaced is still there", rightsRemedy("delete", kind)),
    );
  }
  const [one] = left;
  if (one !== undefined) {
    const more = left.length === 1 ? "" : ` and ${left.length - 1} more`;
    found.push(note(subject("cleanup"), `we may not remove ${one}${more}`, "`millrace gc` removes it after a day"));
  }
  return found;
}

function rightsRemedy(right: string, kind: PlaceFacts["kind"]): string {
  return kind === "s3"
    ? `give the server's own credentials the right to ${right} there (its environment or fs.s3a.access.key; they are not those of this program)`
    : `give the server's user the right to ${right} in that directory`;
}

function refused(subject: string, name: string, { message, detail }: Failure, kind: PlaceFacts["kind"]): SparkFinding {
  const [right = "read"] = subject.split(" ", 1);
  return fails(subject, `${name}: ${message}`, detail.remedy ?? rightsRemedy(right, kind));
}

/** Both saw an empty room: two machines, or two stores. */
function notThere(subject: string, finding: string, kind: PlaceFacts["kind"]): SparkFinding {
  return fails(
    subject,
    finding,
    kind === "s3"
      ? "make spark.hadoop.fs.s3a.endpoint name the same store as s3.endpoint of the project"
      : "a server on another machine does not see this directory: put the lake into buckets, or mount it there under the same path",
  );
}

const magicRemedy =
  "add spark-hadoop-cloud to the server's jars (Spark 4.1 and newer then use the magic committer by themselves; before that set spark.hadoop.fs.s3a.committer.magic.enabled=true and spark.hadoop.fs.s3a.committer.name=magic)";

/** How a job's files became visible, by what it wrote into `_SUCCESS`. */
export function committerFinding({ place, kind, write }: PlaceFacts): readonly SparkFinding[] {
  if (write === undefined || "failure" in write || write.value.seen === "nothing") return [];
  const { success } = write.value;
  const subject = `committer in ${place}`;
  if (kind === "directory") return [ok(subject, "the classic one, which renames: right for a disk")];
  if (success === undefined) {
    const remedy = "look at mapreduce.fileoutputcommitter.marksuccessfuljobs and at what else writes there";
    return [note(subject, "the job left no _SUCCESS: which committer it had cannot be told", remedy)];
  }
  if (success === "") {
    return [
      fails(
        subject,
        "_SUCCESS is empty: Spark fell back to the classic committer without a word, which copies every file and loses them when a task is repeated at the wrong moment",
        magicRemedy,
      ),
    ];
  }
  const committer = committerIn(success);
  if (committer === "magic") return [ok(subject, "magic: _SUCCESS is its account of the job")];
  const name = committer === undefined ? "one that is not known" : `"${committer}"`;
  return [
    note(subject, `the committer is ${name}; only "magic" was tried`, "set spark.hadoop.fs.s3a.committer.name=magic"),
  ];
}

function committerIn(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const name: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "committer") : undefined;
  return typeof name === "string" ? name : undefined;
}
