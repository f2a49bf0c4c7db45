/**
 * The composition root: a complete `Project` becomes opened parts, and the operations on them. It is the only importer
 * of the `open.ts` files. Heavy parts (the SQL engine, the HTTP client, the converter's workers) are opened when first
 * needed, so that planning starts at once.
 */
import { randomUUID } from "node:crypto";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import type { App, ExportRequest, Operation, RunSummary, Selection, Tools } from "./answers.ts";
import { conversionWarnings, openConverterOf, sparkServer, startSpark } from "./app-spark.ts";
import { openCache } from "./cache/open.ts";
import type { Catalog } from "./catalog/contract.ts";
import { openCatalog } from "./catalog/open.ts";
import { environment, localFiles } from "./config/read.ts";
import { chosenRows } from "./config/rows.ts";
import { resolveSecret } from "./config/secret.ts";
import type { Converter } from "./convert/contract.ts";
import { converterVersion } from "./convert/version.ts";
import type { Engine } from "./engine/contract.ts";
import { asFailure, Failure, messageWithPlace } from "./errors.ts";
import type { Report } from "./model/events.ts";
import type { CatalogSettings, Place, Project, SecretReference } from "./model/project.ts";
import { acknowledge } from "./operations/acknowledge.ts";
import { exportCatalog } from "./operations/catalog-export.ts";
import { catalogList } from "./operations/catalog-list.ts";
import { rollback } from "./operations/catalog-rollback.ts";
import { martVersions } from "./operations/catalog-versions.ts";
import { convertFiles } from "./operations/convert.ts";
import { doctor } from "./operations/doctor.ts";
import { explain } from "./operations/explain.ts";
import { schemaOfFile } from "./operations/file-schema.ts";
import { gc } from "./operations/gc.ts";
import { projectEngine } from "./operations/project-engine.ts";
import { query, queryToFile } from "./operations/query.ts";
import { rebuildIndex } from "./operations/rebuild-index.ts";
import { schemaOf } from "./operations/schema.ts";
import { statusOf } from "./operations/status.ts";
import { storeCheck } from "./operations/store-check.ts";
import { verifyAndRepair } from "./operations/verify-and-repair.ts";
import { watch } from "./operations/watch.ts";
import { openIndex } from "./reconcile/index-file.ts";
import { nextSteps } from "./reconcile/next-step.ts";
import { observe } from "./reconcile/observe.ts";
import { registryName } from "./reconcile/observe-registry.ts";
import type { Parts } from "./reconcile/parts.ts";
import { exitCodeOfRun, reconcile } from "./reconcile/pass.ts";
import type { Plan } from "./reconcile/plan.ts";
import { refuseUnportable } from "./reconcile/portable-marts.ts";
import { wantedWindow } from "./schedule/cadence.ts";
import type { Source } from "./source/contract.ts";
import type { Storage } from "./storage/contract.ts";
import { type OpenOptions, openStorage } from "./storage/open.ts";

export interface AppOptions {
  /** Of millrace: another one tests stores again. */
  readonly version?: string;
  /** Milliseconds since the epoch; tests hand in their own. */
  readonly clock?: () => number;
  /** Conversions side by side; 0 converts in this thread. Default: what cores and memory allow. */
  readonly workers?: number;
  /** Puts something between millrace and a place of the lake, for example faults; tests use it. */
  readonly wrapStorage?: (place: "raw" | "tables" | "marts", storage: Storage) => Storage;
  /** The same for the engine. */
  readonly wrapEngine?: (engine: Engine) => Engine;
  readonly wrapCatalog?: (catalog: Catalog) => Catalog;
}

/** A conversion of a large hour stays below this; more of them at once than fit half the memory would only swap. Bytes. */
const conversionBytes = 512 * 1024 * 1024;

/** What an interrupted attempt left behind is kept this long for a resume. Milliseconds. */
const scratchAgeMs = 24 * 3_600_000;

const silent: Report = () => undefined;

const signalOf = (operation: Operation = {}): { readonly signal?: AbortSignal } =>
  operation.signal === undefined ? {} : { signal: operation.signal };

export async function openApp(project: Project, options: AppOptions = {}): Promise<App> {
  const opened = await openParts(project, options);
  const { parts } = opened;
  const choose = (selection: Selection) => ({ ...selection, converter: parts.converterVersion });
  const look = async (
    selection: Selection & Operation,
  ): Promise<{ seen: Awaited<ReturnType<typeof observe>>; plan: Plan }> => {
    const seen = await observe(parts, {
      ...signalOf(selection),
      ...(selection.only === undefined ? {} : { only: selection.only }),
      names: new Map(),
    });
    return { seen, plan: nextSteps(seen, choose(selection)) };
  };

  const run = (selection: Selection & Operation = {}): Promise<RunSummary> =>
    runOnce(parts, choose(selection), selection, opened.slots);

  return {
    project,
    observe: (operation) => observe(parts, signalOf(operation)),
    plan: async (selection = {}) => {
      const { seen, plan } = await look(selection);
      const { only = "marts", select = () => true } = selection;
      if (only === "marts") refuseUnportable(seen, project.engine.kind, select);
      const warnings = only === "collect" ? [] : conversionWarnings(project);
      return warnings.length === 0 ? plan : { ...plan, warnings };
    },
    run,
    watch: (selection) =>
      watch(project, () => run(selection), {
        ...signalOf(selection),
        report: selection.report ?? silent,
        clock: parts.clock,
        ...(selection.onPass === undefined ? {} : { onPass: selection.onPass }),
        ...(selection.onFailedPass === undefined ? {} : { onFailedPass: selection.onFailedPass }),
      }),
    status: async (operation = {}) => {
      const { seen, plan } = await look(operation);
      return statusOf(project.name, seen, plan);
    },
    explain: async (key, operation = {}) => {
      const { seen, plan } = await look(operation);
      return explain(key, parts, seen, plan);
    },
    schema: async (table, options = {}) => schemaOf(table, parts, await observe(parts, signalOf(options)), options),
    query: async (sql, operation = {}) =>
      query(sql, parts, await observe(parts, { ...signalOf(operation), only: "marts" }), operation),
    queryToFile: async (sql, file, operation = {}) =>
      queryToFile(sql, file, parts, await observe(parts, { ...signalOf(operation), only: "marts" }), operation),
    verify: async (operation = {}) => verifyAndRepair(parts, { ...operation, convertSlots: opened.slots }),
    rebuildIndex: (operation) => rebuildIndex(parts, signalOf(operation)),
    gc: (options) => gc(parts, options),
    versions: (mart, operation) => martVersions(parts, mart, signalOf(operation)),
    rollback: (mart, options) => rollback(parts, mart, options),
    catalogList: (operation) => catalogList(parts, signalOf(operation)),
    catalogExport: async (request, operation) => {
      const target = opened.catalogFor(request);
      try {
        const named = request.catalog === undefined ? project : { ...project, catalog: request.catalog };
        const name = registryName({ catalog: target, project: named });
        return await exportCatalog(parts, { catalog: target, name }, { ...request, ...signalOf(operation) });
      } finally {
        if (target !== parts.catalog) await target.close();
      }
    },
    doctor: (options = {}) => doctor(parts, options),
    acknowledge: async (source, ids, operation) =>
      acknowledge(
        source,
        ids,
        parts,
        await observe(parts, { ...signalOf(operation), only: "collect" }),
        operation?.signal,
      ),
    close: opened.close,
  };
}

async function runOnce(
  parts: Parts,
  plan: Parameters<typeof reconcile>[1],
  operation: Operation,
  slots: number,
): Promise<RunSummary> {
  const report = operation.report ?? silent;
  const startedMs = parts.clock();
  const begun = performance.now();
  const windows = [...parts.project.sources.values()].map((source) => wantedWindow(source, startedMs));
  const iso = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString() : "");
  report({
    code: "pass.start",
    since: iso(plan.sinceMs ?? Math.min(...windows.map((window) => window.fromMs))),
    until: iso(plan.untilMs ?? Math.max(...windows.map((window) => window.toMs))),
  });
  for (const storage of [parts.raw, parts.tables, parts.marts]) {
    const removed = await storage.sweep(scratchAgeMs);
    if (removed > 0) report({ code: "sweep.done", place: storage.name, removed });
  }
  const result = await reconcile(parts, plan, {
    report,
    convertSlots: slots,
    ...(operation.signal === undefined ? {} : { signal: operation.signal }),
  }).catch((error: unknown) => {
    throw asFailure(error);
  });
  const { collect, convert, marts } = result.stages;
  const ms = performance.now() - begun;
  report({
    code: "pass.done",
    ms,
    done: collect.done + convert.done + marts.done,
    failed: result.failures.length,
    waiting: result.left.waiting.length,
  });
  return {
    startedAt: iso(startedMs),
    ms,
    stages: { collect, convert, marts },
    waiting: result.left.waiting,
    exitCode: exitCodeOfRun(result),
    failures: result.failures.map(({ stage, key, failure }) => ({
      stage,
      key,
      kind: failure?.kind ?? "bug",
      reason: failure === undefined ? "" : messageWithPlace(failure),
      remedy: failure?.detail.remedy,
    })),
  };
}

interface OpenedParts {
  readonly parts: Parts;
  readonly slots: number;
  /** The project's own catalog, or one that is opened for this request and closed after it. */
  catalogFor(request: ExportRequest): Catalog;
  close(): Promise<void>;
}

async function openParts(project: Project, options: AppOptions): Promise<OpenedParts> {
  const wrap = options.wrapStorage ?? ((_place, storage) => storage);
  const open = async (place: "raw" | "tables" | "marts"): Promise<Storage> => {
    const scratchRoot = join(indexDirectory(project), "scratch", place);
    const options: OpenOptions = {
      scratchRoot,
      conditions: project.lake.writers === "one" ? "look" : "store",
      // Only raw objects are ever somebody else's.
      adopts: place === "raw",
      resolveSecret: secretValue,
    };
    return wrap(place, await openStorage(project.lake[place], options));
  };
  const [raw, tables, marts] = [await open("raw"), await open("tables"), await open("marts")];
  const cache = openCache({
    ...project.cache,
    placeOf: (storage) => placeId(project.lake[storage === marts ? "marts" : storage === tables ? "tables" : "raw"]),
  });
  const workers = options.workers ?? conversionSlots();
  const rows = chosenRows(environment());
  const sources = new Map<string, Promise<Source>>();
  const converter = once(async (): Promise<Converter> => {
    const { openNativeConverter } = await import("./convert/open.ts");
    return openNativeConverter({ workers, rows });
  });
  const engines = projectEngine(project, {
    async open(settings) {
      const { openEngine } = await import("./engine/open.ts");
      const engine = openEngine(settings);
      return options.wrapEngine?.(engine) ?? engine;
    },
    start: (server, call) => startSpark(project, server, { ...call, resolveSecret: secretValue }),
    secret: secretValue,
  });
  const spark = sparkServer(project, engines.address);
  const sparkConverter = once(async () => openConverterOf(spark, await converter.get()));
  const wrapCatalog = options.wrapCatalog ?? ((catalog) => catalog);
  const openNames = (settings: CatalogSettings): Catalog =>
    wrapCatalog(openCatalog(marts, settings, { tables, databaseOf: (mart) => project.marts.get(mart)?.database }));
  const catalog = openNames(project.catalog);
  const parts: Parts = {
    project,
    raw,
    tables,
    marts,
    cache,
    source(name) {
      let source = sources.get(name);
      if (source === undefined) {
        source = openOne(project, name);
        sources.set(name, source);
      }
      return source;
    },
    converterVersion,
    converter: (by = "native") => (by === "native" ? converter.get() : sparkConverter.get()),
    engine: engines.engine,
    ...spark,
    catalog,
    index: openIndex(indexDirectory(project), [project.lake.raw, project.lake.tables].map(placeId).join("\n")),
    mayWrite: storeCheck({
      lake: project.lake,
      storages: { raw, tables, marts },
      catalog: catalog.registersItself
        ? undefined
        : { name: registryName({ catalog, project }), prove: (...call) => catalog.prove(...call) },
      notesFile: join(project.directory, ".millrace", "stores.json"),
      version: options.version ?? "",
      clock: options.clock ?? Date.now,
    }),
    clock: options.clock ?? Date.now,
    newId: () => randomUUID().replaceAll("-", ""),
  };
  return {
    parts,
    slots: Math.max(1, workers),
    catalogFor({ action, catalog: other, tables: wanted }) {
      if (action === "drop-former" && other !== undefined) {
        // Elsewhere all marts of the project would look as if they had moved.
        throw new Failure("usage", "names that marts had before are looked for in the project's own metastore");
      }
      const settings = other ?? project.catalog;
      if (settings.kind === "embedded") return catalog;
      // Tables that were registered once are found too, whatever the project says today.
      const tables = wanted ?? (action === "drop" || settings.tables);
      return other === undefined && tables === settings.tables ? catalog : openNames({ ...settings, tables });
    },
    async close() {
      const parts = [...sources.values(), converter.started()];
      const closing = parts.map(async (part) => (await part)?.close());
      await Promise.allSettled([...closing, engines.close(), catalog.close()]);
      await cache.close();
    },
  };
}

/** Conversions side by side that cores and memory allow. */
function conversionSlots(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 / conversionBytes)));
}

/** Asked for before anything is set up, so it needs a project and nothing that it names. */
export { lakePolicies } from "./operations/lake-policy.ts";

/** What works without a project. `parallel` is the most conversions side by side. */
export function openTools({ parallel }: { readonly parallel?: number | undefined } = {}): Tools {
  const slots = parallel ?? conversionSlots();
  const rows = chosenRows(environment());
  const converter = once(async (): Promise<Converter> => {
    const { openNativeConverter } = await import("./convert/open.ts");
    return openNativeConverter({ workers: slots, rows });
  });
  return {
    async convert(jobs, options = {}) {
      const { convertWith } = await import("./convert/convert.ts");
      // For one file a worker would only take time to start and memory.
      const pool = Math.min(jobs.length, slots) > 1 ? await converter.get() : undefined;
      return convertFiles(jobs, {
        ...options,
        slots,
        convert: ({ input, output }, own) => convertWith(pool, input, output, { ...own, rows }),
      });
    },
    async knownSchema(file) {
      const { readKnownSchema } = await import("./convert/known-schema.ts");
      return readKnownSchema(file);
    },
    async schemaOfFile(file, operation = {}) {
      const { profileFile } = await import("./convert/profile-file.ts");
      return schemaOfFile(file, await profileFile(file, { ...signalOf(operation), rows }));
    },
    async close() {
      await (await converter.started())?.close();
    },
  };
}

async function openOne(project: Project, name: string): Promise<Source> {
  const settings = project.sources.get(name);
  if (settings === undefined) throw new Error(`no source ${name} in the project`);
  const { openSource } = await import("./source/open.ts");
  return openSource(settings, {
    resolveSecret: secretValue,
  });
}

const secretValue = (reference: SecretReference): string =>
  resolveSecret(reference, environment(), localFiles.readText);

/** Tells a place from every other one: what was learned about its objects is worth nothing for another's. */
function placeId(place: Place): string {
  return place.kind === "directory" ? place.path : `${place.store.endpoint ?? place.store.region} ${place.name}`;
}

/** Opens something at the first call and never twice. */
function once<T>(open: () => Promise<T>): { get(): Promise<T>; started(): Promise<T> | undefined } {
  let started: Promise<T> | undefined;
  return {
    get() {
      started ??= open();
      return started;
    },
    started: () => started,
  };
}

/** Each target has an index of its own, so that changing between them does not mean reading a lake again. */
function indexDirectory(project: Project): string {
  const own = join(project.directory, ".millrace");
  return project.target === undefined ? own : join(own, "targets", project.target);
}
