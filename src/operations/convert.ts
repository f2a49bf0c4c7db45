/** Converts files without a project: so many at a time, each by itself, and tells of them like of a run. */
import type { ConvertedFile, ConvertJob, ConvertJobsOptions, ConvertSummary, Operation } from "../answers.ts";
import type { ConvertOptions, ConvertReport } from "../convert/contract.ts";
import { asFailure, type Failure } from "../errors.ts";

export interface Converting extends ConvertJobsOptions, Operation {
  /** Most conversions side by side. */
  readonly slots: number;
  convert(job: ConvertJob, options: ConvertOptions): Promise<ConvertReport>;
}

/** Throws only the reason of `signal`. */
export async function convertFiles(jobs: readonly ConvertJob[], options: Converting): Promise<ConvertSummary> {
  const { signal, slots, report = () => undefined } = options;
  const began = performance.now();
  const files: ConvertedFile[] = [];
  const waiting = jobs.entries();
  report({ code: "stage.start", stage: "convert", items: jobs.length });
  const work = async (): Promise<void> => {
    // All workers of the list take from one iterator, so that each job has one.
    for (const [index, job] of waiting) files[index] = await convertOne(job, options);
  };
  await Promise.all(Array.from({ length: Math.min(slots, jobs.length) }, work));
  signal?.throwIfAborted();
  const ms = performance.now() - began;
  const done = files.flatMap((file) => file.report ?? []);
  report({
    ...{ code: "stage.done", stage: "convert", items: files.length, failed: files.length - done.length, ms },
    ...{ bytes: sum(done, "bytesOut"), rows: sum(done, "rows"), rejected: sum(done, "rejected") },
  });
  return { ms, files, exitCode: exitCodeOf(files.flatMap((file) => file.failure ?? [])) };
}

async function convertOne(job: ConvertJob, options: Converting): Promise<ConvertedFile> {
  const { slots: _, report = () => undefined, convert, signal, ...rest } = options;
  signal?.throwIfAborted();
  const { name, outputName, bytes: total = 0, rejects } = job;
  const began = performance.now();
  const ended = (found: Pick<ConvertedFile, "report" | "failure">): ConvertedFile => {
    return { input: name, output: outputName, ms: performance.now() - began, ...found };
  };
  try {
    const converted = await convert(job, {
      ...rest,
      name,
      ...(rejects === undefined ? {} : { rejects }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (bytes) => report({ code: "convert.progress", key: name, bytes, total }),
    });
    const { rows, rejected, bytesIn, bytesOut } = converted;
    const file = ended({ report: converted, failure: undefined });
    report({ code: "convert.done", key: name, rows, rejected, bytesIn, bytes: bytesOut, ms: file.ms });
    return file;
  } catch (error) {
    signal?.throwIfAborted();
    const failure = asFailure(error, name);
    const { kind, message: reason } = failure;
    if (kind === "refused") report({ code: "convert.held", key: name, reason });
    else report({ code: "convert.failed", key: name, reason, kind });
    return ended({ report: undefined, failure });
  }
}

const sum = (reports: readonly ConvertReport[], figure: "rows" | "rejected" | "bytesOut"): number =>
  reports.reduce((total, report) => total + report[figure], 0);

function exitCodeOf(failures: readonly Failure[]): number {
  const kinds = new Set(failures.map(({ kind }) => kind));
  if (kinds.has("unavailable") || kinds.has("denied") || kinds.has("full")) return 5;
  if (kinds.has("refused")) return 3;
  return kinds.size === 0 ? 0 : 1;
}
