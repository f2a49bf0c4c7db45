/** Spark itself, as an archive: from the Python registry by the user's own pip, whatever registry that is set to. */
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import type { SparkArchive } from "../model/versions.ts";
import type { DistributionOptions, Environment } from "./contract.ts";
import { lastLines, type Ran, run } from "./programs.ts";
import { otherSum, sumOf } from "./sums.ts";

type ArchiveOptions = Pick<DistributionOptions, "environment" | "signal" | "onProgress">;

/** The archive in `downloads`, where an earlier try may have left it. */
export async function bringArchive(
  spark: string,
  archive: SparkArchive,
  downloads: string,
  options: ArchiveOptions,
): Promise<string> {
  const file = join(downloads, archive.file);
  if ((await sumOf(file, options.signal)) === archive.sha256) return file;
  const pip = await findPip(options.environment, options.signal);
  await mkdir(downloads, { recursive: true });
  const room = await mkdtemp(join(downloads, "pip-"));
  const watch = watchSize(room, (bytes) =>
    options.onProgress?.({ code: "install.download", name: archive.file, bytes, total: archive.bytes }),
  );
  try {
    const wish = join(room, "wish.txt");
    // The sum stands here and not only behind: pip looks into an archive by running code of it.
    await writeFile(wish, `pyspark==${spark} --hash=sha256:${archive.sha256}\n`);
    const ran = await run(
      [
        ...[...pip, "download", "--no-deps", "--no-binary", "pyspark", "--no-cache-dir", "--disable-pip-version-check"],
        ...["--progress-bar", "off", "--require-hashes", "--requirement", wish, "--dest", room],
      ],
      { environment: { ...options.environment, TMPDIR: room }, cwd: room, signal: options.signal },
    );
    if (ran === undefined || ran.code !== 0) throw pipFailed(spark, ran);
    const found = await sumOf(join(room, archive.file), options.signal);
    if (found !== archive.sha256) throw otherSum(archive.file, archive.sha256, found);
    await rename(join(room, archive.file), file);
    return file;
  } finally {
    watch.stop();
    await rm(room, { recursive: true, force: true });
  }
}

async function findPip(environment: Environment, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const candidates = [["pip"], ["pip3"], ["python3", "-m", "pip"], ["python", "-m", "pip"]];
  for (const candidate of candidates) {
    const ran = await run([...candidate, "--version"], { environment, signal });
    // That of Python 2 cannot speak to any registry of today.
    if (ran?.code === 0 && /\(python 3\./.test(ran.stdout)) return candidate;
  }
  throw new Failure("usage", "pip: there is none of Python 3, and Spark comes from the Python registry", {
    remedy: "install Python 3 with pip, or name a distribution that is here: --dist DIR or --dist FILE.tgz",
  });
}

function pipFailed(spark: string, ran: Ran | undefined): Failure {
  const said = `${ran?.stdout ?? ""}\n${ran?.stderr ?? ""}`;
  if (/DO NOT MATCH THE HASHES|Expected sha256/.test(said)) {
    const [, found] = /Got\s+([0-9a-f]{64})/.exec(said) ?? [];
    return new Failure(
      "corrupt",
      `pyspark ${spark}: the registry has another archive of it${found === undefined ? "" : ` (sha256 ${found})`}`,
      {
        remedy: "nothing was installed: run it again, and if it stays so ask whoever runs the registry",
      },
    );
  }
  if (/No space left/.test(said))
    return new Failure("full", "pip: no space left", { remedy: "free 2 GB and run it again" });
  return new Failure("unavailable", `pip: could not bring pyspark ${spark}: ${lastLines(ran?.stderr ?? "", 2)}`, {
    remedy: "check how pip reaches its registry (pip config list), or name a distribution that is here: --dist",
  });
}

/** How large what arrives is meanwhile: pip tells nobody who is not a person. */
function watchSize(directory: string, tell: (bytes: number) => void): { stop(): void } {
  let isBusy = false;
  const timer = setInterval(async () => {
    if (isBusy) return;
    isBusy = true;
    const bytes = await largestArchive(directory);
    isBusy = false;
    if (bytes > 0) tell(bytes);
  }, 500);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function largestArchive(directory: string): Promise<number> {
  let largest = 0;
  try {
    for (const path of await archivesBelow(directory)) largest = Math.max(largest, (await stat(path)).size);
  } catch (error) {
    // It comes and goes while it is looked at.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
  return largest;
}

async function archivesBelow(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isFile() && entry.name.endsWith(".tar.gz")) found.push(path);
    if (!entry.isDirectory() || !entry.name.startsWith("pip-")) continue;
    for (const name of await readdir(path)) if (name.endsWith(".tar.gz")) found.push(join(path, name));
  }
  return found;
}
