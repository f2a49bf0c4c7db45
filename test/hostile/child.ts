/**
 * One run of a project in a process of its own, which prints what came of it and the most memory that the operating
 * system ever saw it hold: `node child.ts PROJECT`. It exits by itself, or the test that started it fails.
 */
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";

export interface ChildReport {
  readonly exitCode: number;
  readonly failures: readonly { readonly key: string; readonly kind: string; readonly reason: string }[];
  readonly converted: readonly { readonly key: string; readonly rows: number; readonly rejected: number }[];
  /** Peak resident memory, bytes. */
  readonly peakBytes: number;
  readonly cpuMs: number;
}

/** When every hour of the tests is long over. */
const nowMs = Date.parse("2026-03-03T00:00:00Z");

async function main(file: string): Promise<ChildReport> {
  const converted: ChildReport["converted"][number][] = [];
  const app = await openApp(readProject({ file, environment: {} }), { workers: 1, clock: () => nowMs });
  try {
    const { exitCode, failures } = await app.run({
      report: (event) => {
        if (event.code !== "convert.done") return;
        converted.push({ key: event.key, rows: event.rows, rejected: event.rejected });
      },
    });
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const cpuMs = (userCPUTime + systemCPUTime) / 1000;
    return {
      exitCode,
      failures: failures.map(({ key, kind, reason }) => ({ key, kind, reason })),
      converted,
      // The operating system counts in kibibytes.
      peakBytes: maxRSS * 1024,
      cpuMs,
    };
  } finally {
    await app.close();
  }
}

if (import.meta.main) process.stdout.write(JSON.stringify(await main(process.argv[2] ?? "")));
