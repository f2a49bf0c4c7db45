/** Tests every connection and right that the project needs, and says what to do about each finding. */
import type { DoctorReport } from "../answers.ts";
import { asFailure } from "../errors.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";

type Finding = DoctorReport["checks"][number];

export async function doctor(parts: Parts, options: { readonly signal?: AbortSignal }): Promise<DoctorReport> {
  const checks: Finding[] = [];
  const check = async (subject: string, job: () => Promise<string>): Promise<void> => {
    const begun = performance.now();
    const ms = (): number => Math.round(performance.now() - begun);
    try {
      checks.push({ subject, ok: true, finding: await job(), remedy: undefined, ms: ms() });
    } catch (error) {
      options.signal?.throwIfAborted();
      const failure = asFailure(error);
      checks.push({ subject, ok: false, finding: failure.message, remedy: failure.detail.remedy, ms: ms() });
    }
  };
  await check("node", async () => `${process.version} on ${process.platform} ${process.arch}`);
  await check(
    "project",
    async () =>
      `${parts.project.file ?? "in memory"}: ${parts.project.sources.size} sources, ${parts.project.tables.size} tables, ${parts.project.marts.size} marts`,
  );
  for (const [place, storage] of [
    ["raw", parts.raw],
    ["tables", parts.tables],
    ["marts", parts.marts],
  ] as const) {
    for await (const found of storage.probe({ depth: "all", ...callOptions(options.signal) })) {
      checks.push({ ...found, subject: `lake.${place} (${storage.name}): ${found.subject}`, ms: 0 });
    }
  }
  for (const name of parts.project.sources.keys()) {
    await check(`source ${name}`, async () => (await parts.source(name)).probe(callOptions(options.signal)));
  }
  await check("engine", async () => (await parts.engine()).version());
  await check("catalog", async () => {
    const marts = await parts.catalog.marts(callOptions(options.signal));
    return `${parts.catalog.name}: ${marts.length} marts`;
  });
  return { checks };
}
