/** `engine`: the embedded engine, or Apache Spark, which then runs the marts and `query`. */
import { Failure } from "../errors.ts";
import type { EngineSettings, SecretReference, SparkServer } from "../model/project.ts";
import { isLoopbackHost } from "./host.ts";
import * as kind from "./kinds.ts";
import { type Kind, mismatch, option, optional, type ValuesOf } from "./option.ts";
import { orSaidNone, saidOf } from "./said.ts";
import { secretReference } from "./secret-option.ts";
import { optionalSection, section } from "./section.ts";

const portDefault = 15_002;

export interface ServerAddress {
  /** `sc://host:port`, with `/;use_ssl=true` behind it. */
  readonly url: string;
  readonly host: string;
  readonly tls: boolean;
}

const versionPattern = /^\d+\.\d+\.\d+$/;

const sparkVersion: Kind<string> = {
  words: "version",
  expects: "a version such as 4.2.0",
  schema: { type: "string", pattern: `${versionPattern.source}|\\$\\{` },
  parse: (written) => (versionPattern.test(written) ? written : mismatch),
};

const serverUrl: Kind<ServerAddress> = {
  words: "URL",
  expects: "the address of a Spark Connect server such as sc://spark:15002",
  schema: { type: "string", pattern: "^(?:sc://.+|none)$|\\$\\{" },
  parse(written) {
    const text = written.trim();
    if (text === "") return mismatch;
    if (/^local(\[.*\])?$/.test(text)) throw notAnAddress(text, "Write spark: local");
    const [, scheme = "", rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? [];
    if (scheme === "") throw noUrl(/^[\w.-]+(:\d+)?$/.test(text) ? text : undefined);
    if (scheme.toLowerCase() !== "sc") throw wrongScheme(scheme.toLowerCase());
    return addressOf(rest);
  },
};

function wrongScheme(scheme: string): Failure {
  const remedy =
    scheme === "spark" || scheme === "k8s"
      ? "Start a Spark Connect server on that cluster and name it: sc://host:15002"
      : `Write sc://host:15002${scheme === "https" || scheme === "grpcs" ? ", with /;use_ssl=true behind it for TLS" : ""}`;
  return notAnAddress(`${scheme}://`, remedy);
}

/** Of what was written only what looks like a host is repeated. */
function noUrl(host = "host:15002"): Failure {
  return new Failure("usage", "is not the URL of a Spark Connect server", { remedy: `Write sc://${host}` });
}

function notAnAddress(what: string, remedy: string): Failure {
  return new Failure("usage", `${what} is not the address of a Spark Connect server`, { remedy });
}

/** `host:port/;key=value`, as Spark's own clients write it. What it may hold of secrets is in no message. */
function addressOf(rest: string): ServerAddress {
  const [authority = ""] = rest.split(/[/;]/, 1);
  const parameters = rest.slice(authority.length).replace(/^\/?;?/, "");
  if (authority.includes("@")) {
    throw new Failure("usage", "a secret must not stand in a URL", {
      remedy: "Name the user with user: and the token with token: env:NAME",
    });
  }
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(authority);
  const port = match?.[2] === undefined ? portDefault : Number(match[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535 || parameters.includes("/")) {
    throw noUrl();
  }
  const tls = usesTls(parameters);
  const url = `sc://${match[1]}:${port}${tls ? "/;use_ssl=true" : ""}`;
  return { url, host: match[1], tls };
}

/** The parameters of the URL; all but one of them are options of their own here. */
function usesTls(parameters: string): boolean {
  let tls = false;
  for (const parameter of parameters.split(";")) {
    const [key = "", value = ""] = parameter.split("=", 2);
    if (parameter === "") continue;
    if (key === "token") {
      throw new Failure("usage", "a secret must not stand in a URL", {
        remedy: "Remove token=… and write token: env:NAME beside url",
      });
    }
    if (key === "user_id") {
      throw new Failure("usage", "user_id is not taken from the URL", { remedy: "Write user: NAME beside url" });
    }
    if (key !== "use_ssl" || (value !== "true" && value !== "false")) {
      throw new Failure("usage", `the URL's parameter ${/^\w{1,32}$/.test(key) ? key : ""} is not known`, {
        remedy: "The one that is read here is use_ssl=true or use_ssl=false",
      });
    }
    tls = value === "true";
  }
  return tls;
}

const local = section(
  {
    doc:
      "A Spark of millrace's own: a matched distribution is downloaded once, and a server of it runs on this machine as long " +
      "as it is needed. `local: none` undoes what would be inherited.",
  },
  {
    version: optional(sparkVersion, {
      doc: "The version of Spark.",
      absent: "the newest that is known to fit",
      example: "4.2.0",
    }),
    dist: optional(kind.path, {
      doc: "A distribution to take instead of downloading one: a directory or a `.tgz`, relative to the project file.",
      absent: "downloaded",
      example: "/opt/spark",
    }),
    memory: option(kind.bytes(512 * 1024 * 1024), {
      doc: "Memory of the server; at least 512MiB.",
      default: "2GiB",
      example: "8GiB",
    }),
    cores: option(kind.orWord(kind.count(1, 1024), "auto", 0), {
      doc: "Tasks side by side; `auto` is one for each core of this machine.",
      default: "auto",
      example: "2",
    }),
  },
);

const spark = section(
  {
    doc:
      "Apache Spark instead of the embedded engine, spoken to over Spark Connect. `spark: local` is a server of millrace's own " +
      "on this machine with every default of `local` below; `spark: none` is the embedded engine. A server on another " +
      "machine opens the lake itself, so tables and marts must be in buckets then.",
  },
  {
    url: optional(orSaidNone(serverUrl), {
      doc:
        "A Spark Connect server, `sc://host:port`; without a port 15002. `/;use_ssl=true` behind it demands TLS. No token and no " +
        "user stand in it.",
      absent: "none",
      example: "sc://spark:15002",
    }),
    token: optional(orSaidNone(secretReference), {
      doc: "Where the token is that the server demands. It is only sent over TLS, or to a server on this machine.",
      absent: "none",
      example: "env:SPARK_TOKEN",
    }),
    user: optional(kind.text, {
      doc: "The user's name on the server.",
      absent: "that of the process's user",
      example: "etl",
    }),
    local: optionalSection(local),
  },
  (values, report, reading) => {
    const hasUrl = saidOf(values.url) !== undefined;
    const hasLocal = saidOf(values.local) !== undefined;
    if (hasUrl && hasLocal) {
      report(
        "local",
        "stands beside url",
        "Keep one: url names a server, local starts one (url: none undoes the other)",
      );
      return;
    }
    if (hasLocal && saidOf(values.token) !== undefined) {
      report("token", "stands beside local", "Remove it: the server of a run lets nobody else in");
    }
    if (hasUrl || hasLocal || reading.partial || !("url" in values && "local" in values)) return;
    report("url", "missing: expected url, or local", "Write spark: { url: sc://host:15002 } or spark: local");
  },
);

export const engine = section(
  { doc: "What runs the marts and `query`: the embedded engine, unless `spark` is there." },
  {
    threads: option(kind.orWord(kind.count(1, 1024), "auto", 0), {
      doc: "Threads of the embedded engine; `auto` is one for each core.",
      default: "auto",
      example: "2",
    }),
    memory: option(kind.bytes(64 * 1024 * 1024), {
      doc: "Memory the embedded engine may use before it spills to disk; at least 64MiB.",
      default: "2GB",
      example: "8GB",
    }),
    spark: optionalSection(spark, { key: "local", remedy: "A server has an address: spark: { url: sc://host:15002 }" }),
  },
);

export type EngineValues = ValuesOf<typeof engine.shape.fields>;

export function engineSettings(values: EngineValues, ca: SecretReference | undefined): EngineSettings {
  const server = serverOf(values.spark, ca);
  return server === undefined
    ? { kind: "duckdb", threads: values.threads, memoryBytes: values.memory }
    : { kind: "spark", server };
}

function serverOf(written: EngineValues["spark"], ca: SecretReference | undefined): SparkServer | undefined {
  if (written === undefined || written === "none") return undefined;
  const address = saidOf(written.url);
  if (address === undefined) {
    const own = saidOf(written.local);
    if (own === undefined) return undefined;
    return { kind: "local", version: own.version, dist: own.dist, memoryBytes: own.memory, cores: own.cores };
  }
  const token = saidOf(written.token);
  const isHere = isLoopbackHost(address.host);
  const isTls = address.tls || (token !== undefined && !isHere);
  return { kind: "url", url: address.url, isHere, token, user: written.user, ca: isTls ? ca : undefined };
}
