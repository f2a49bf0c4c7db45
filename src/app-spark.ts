/** What of Spark the composition root hands out: a server of this machine, sessions on the project's server, its converter. */
import { environment } from "./config/read.ts";
import type { Converter } from "./convert/contract.ts";
import { settingsUnlikeSpark } from "./convert/spark-offer.ts";
import { Failure } from "./errors.ts";
import type { Project, SecretReference } from "./model/project.ts";
import type { Address, LocalServer, StartedServer, StartOptions } from "./operations/project-engine.ts";
import type { Parts } from "./reconcile/parts.ts";

export interface SecretOptions {
  readonly resolveSecret: (reference: SecretReference) => string;
}

/** A server of this machine that knows the lake's places; what it takes to have it is told as events. */
export async function startSpark(
  project: Project,
  server: LocalServer,
  options: StartOptions & SecretOptions,
): Promise<StartedServer> {
  const { openLocalSpark } = await import("./distribution/server.ts");
  const { version, dist, memoryBytes, cores } = server;
  const { token, signal, report, resolveSecret } = options;
  return await openLocalSpark({
    ...{ version, dist, cores, token, signal },
    memory: `${Math.floor(memoryBytes / 1024 ** 2)}m`,
    places: [...(convertsBySpark(project) ? [project.lake.raw] : []), project.lake.tables, project.lake.marts],
    metastore: project.catalog.kind === "hive" ? project.catalog : undefined,
    environment: environment(),
    resolveSecret,
    onProgress(progress) {
      if (progress.code === "install.start") report?.({ ...progress, code: "engine.install" });
      else if (progress.code === "server.start") report?.({ ...progress, code: "engine.start" });
      else if (progress.code === "server.ready") report?.({ ...progress, code: "engine.ready" });
    },
  });
}

/** Tables that Spark shall convert, and that it would read otherwise than our rules have it whatever comes. */
export function conversionWarnings({ tables }: Project): readonly string[] {
  return [...tables.values()].flatMap(({ name, convert, duplicateKeys, columns }) => {
    const reasons = convert === "spark" ? settingsUnlikeSpark({ duplicateKeys, declared: columns }) : [];
    return reasons.map((reason) => `tables.${name}.convert: spark is of no use, since ${reason}`);
  });
}

/** Raw objects are nothing to Spark but for that. */
const convertsBySpark = ({ tables }: Project): boolean =>
  [...tables.values()].some((table) => table.convert === "spark");

export function sparkServer({ engine }: Project, address: () => Promise<Address>): Pick<Parts, "spark"> {
  if (engine.kind !== "spark") return {};
  return {
    spark: {
      name: engine.server.kind === "url" ? engine.server.url : "local",
      async open(settings = {}) {
        const { url, token, user, ca } = await address();
        const { connect } = await import("./spark-connect/session.ts");
        return connect(url, {
          settings,
          ...(token === undefined ? {} : { token }),
          ...(user === undefined ? {} : { userId: user }),
          ...(ca === undefined ? {} : { ca }),
        });
      },
    },
  };
}

/** Each object gets a session of its own: one that ends with its server takes nothing along. */
export async function openConverterOf({ spark }: Pick<Parts, "spark">, native: Converter): Promise<Converter> {
  if (spark === undefined) throw new Failure("bug", "the project has no Spark server to convert with");
  const { conversionSettings, openSparkConverter } = await import("./convert/spark.ts");
  return openSparkConverter({ native, session: () => spark.open(conversionSettings) });
}
