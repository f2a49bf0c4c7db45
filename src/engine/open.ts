/** The one table of engines. Their libraries are large: they are loaded when the first statement needs them. */
import type { DuckdbSettings } from "../model/project.ts";
import type { Engine } from "./contract.ts";

/** Where a Spark Connect server is, with what it demands; secrets are values here. */
export interface SparkAddress {
  /** `sc://host:port`, with `/;use_ssl=true` behind it where TLS is asked for. */
  readonly url: string;
  readonly token: string | undefined;
  readonly user: string | undefined;
  /** PEM text to trust; the connection is then made over TLS. */
  readonly ca: string | undefined;
}

/** `address` is asked when the first statement needs the server, once: the server may have to be started for it. */
export interface SparkAccess {
  readonly kind: "spark";
  readonly address: () => Promise<SparkAddress>;
}

export function openEngine(settings: DuckdbSettings | SparkAccess): Engine {
  if (settings.kind === "spark") return openLate("spark", "locations", () => sparkEngine(settings));
  return openLate("duckdb", "paths", async () => {
    const { createDuckdbEngine } = await import("./duckdb/engine.ts");
    return createDuckdbEngine(settings);
  });
}

async function sparkEngine(access: SparkAccess): Promise<Engine> {
  const [{ createSparkEngine }, { connect }] = await Promise.all([
    import("./spark/engine.ts"),
    import("../spark-connect/session.ts"),
  ]);
  const { url, token, user, ca } = await access.address();
  return createSparkEngine({
    connect: ({ signal }) =>
      connect(url, {
        ...(token === undefined ? {} : { token }),
        ...(user === undefined ? {} : { userId: user }),
        ...(ca === undefined ? {} : { ca }),
        ...(signal === undefined ? {} : { signal }),
      }),
  });
}

/** An engine that is opened by the first statement. One that could not be opened is tried again by the next. */
function openLate(name: string, opens: Engine["opens"], open: () => Promise<Engine>): Engine {
  let opened: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    name,
    opens,
    version: async () => await (await engine()).version(),
    describe: async (sql, tables, options) => await (await engine()).describe(sql, tables, options),
    select: async (request, options) => await (await engine()).select(request, options),
    query: async (request, options) => await (await engine()).query(request, options),
    close: async () => {
      if (opened !== undefined) await (await opened).close();
    },
  };
}
