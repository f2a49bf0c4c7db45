/** The one table of engines. DuckDB is a large native library: it is loaded when the first statement needs it. */
import { Failure } from "../errors.ts";
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
  if (settings.kind === "spark") throw new Failure("usage", "engine.spark: this engine is not part of this build");
  return openDuckdb(settings);
}

function openDuckdb(settings: DuckdbSettings): Engine {
  let opened: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    opened ??= import("./duckdb/engine.ts").then(({ createDuckdbEngine }) => createDuckdbEngine(settings));
    return opened;
  };
  return {
    name: "duckdb",
    opens: "paths",
    version: async () => await (await engine()).version(),
    describe: async (sql, tables, options) => await (await engine()).describe(sql, tables, options),
    select: async (request, options) => await (await engine()).select(request, options),
    query: async (request, options) => await (await engine()).query(request, options),
    close: async () => {
      if (opened !== undefined) await (await opened).close();
    },
  };
}
