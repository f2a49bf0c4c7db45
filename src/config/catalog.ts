/** `catalog`: where other tools find marts and tables by name. */
import { Failure } from "../errors.ts";
import { dayMs } from "../model/calendar.ts";
import type { CatalogSettings, HiveSettings } from "../model/project.ts";
import * as kind from "./kinds.ts";
import { type Kind, listOf, mismatch, option, optional, type ValuesOf } from "./option.ts";
import { saidOf } from "./said.ts";
import { optionalSection, section } from "./section.ts";

type Host = HiveSettings["hosts"][number];

const portDefault = 9083;
const nameLengthMax = 128;
const hostLengthMax = 253;

const host: Kind<Host> = {
  words: "`host:port`",
  expects: "the address of a Hive Metastore such as metastore:9083",
  schema: { type: "string" },
  parse(written) {
    const text = written.trim();
    if (text === "") return mismatch;
    if (text.includes("@")) {
      throw new Failure("usage", "an @ in the address, as credentials have it", { remedy: "Write host:9083" });
    }
    const [, scheme, rest = ""] = /^([A-Za-z][A-Za-z0-9+.:-]*):\/\/(.*)$/s.exec(text) ?? [undefined, undefined, text];
    if (scheme !== undefined && scheme.toLowerCase() !== "thrift") throw wrongScheme(scheme.toLowerCase());
    if (rest.includes(",")) {
      const each = rest.split(",").map((part) => part.trim().replace(/^thrift:\/\//i, ""));
      throw new Failure("usage", "several addresses in one text", { remedy: `Write a list: [${each.join(", ")}]` });
    }
    return addressOf(rest.replace(/\/$/, ""));
  },
};

/** `thrift://` is how Hadoop's own settings have it; what another scheme names answers in another language. */
function wrongScheme(scheme: string): Failure {
  const remedy = scheme.startsWith("jdbc")
    ? "That is the address of a SQL server; name the metastore behind it: host:9083"
    : "Only Thrift is spoken, without HTTP in between: host:9083";
  return new Failure("usage", `${scheme}:// is not the address of a Hive Metastore`, { remedy });
}

function addressOf(text: string): Host {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined) {
    if (/^[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text)) {
      throw new Failure("usage", "an IPv6 address without brackets", { remedy: `Write "[${text}]:9083"` });
    }
    throw new Failure("usage", "is not the address of a Hive Metastore", { remedy: "Write host:9083" });
  }
  if (/^\d+$/.test(name)) {
    throw new Failure("usage", `${name} names no host`, { remedy: `Write the host in front of it: metastore:${name}` });
  }
  const number = port === undefined ? portDefault : Number(port);
  if (number < 1 || number > 65_535) {
    throw new Failure("usage", `${number} is not a port`, {
      remedy: "Ports go from 1 to 65535; a metastore's is 9083",
    });
  }
  if (name.length > hostLengthMax) throw new Failure("usage", `a host longer than ${hostLengthMax} characters`);
  return { host: name.toLowerCase(), port: number };
}

const databasePattern = /^[a-z][a-z0-9_]*$/;

/** Of a metastore: what every reader takes without quotes, and what comes back as it was written. */
export const database: Kind<string> = {
  words: "name",
  expects: "a database's name of small letters, digits and _",
  schema: { type: "string", pattern: `${databasePattern.source}|\\$\\{` },
  parse(written) {
    if (databasePattern.test(written)) {
      if (written.length <= nameLengthMax) return written;
      throw new Failure("usage", `a name longer than ${nameLengthMax} characters`);
    }
    const better = legalDatabase(written);
    if (better === undefined || written.length > nameLengthMax) return mismatch;
    throw new Failure("usage", `"${written}" is no name that every reader of a metastore takes`, {
      remedy: `Names are small letters, digits and _, and begin with a letter: ${better}`,
    });
  },
};

/** The nearest name that a database can have, if there is one. */
function legalDatabase(name: string): string | undefined {
  const better = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "_")
    .replace(/^[^a-z]+/, "");
  return databasePattern.test(better) && better.length <= nameLengthMax ? better : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: naming the control characters is how they are refused.
const unprintable = /[\u0000-\u001f\u007f]/;

const location: Kind<string> = {
  words: "URL",
  expects: "a URL such as s3a://bucket/databases/gha",
  schema: { type: "string" },
  parse(written) {
    const text = written.trim();
    if (unprintable.test(text)) throw new Failure("usage", "holds a control character");
    if (!/^(?:[a-z][a-z0-9+.-]*:\/\/?[^/]|\/[^/]|file:\/\/\/[^/])/i.test(text)) return mismatch;
    if (/^[^/]*\/\/[^/]*@/.test(text)) {
      throw new Failure("usage", "an @ in the address, as credentials have it", {
        remedy: "The metastore has credentials of its own; write the place alone",
      });
    }
    return text.replace(/\/+$/, "");
  },
};

const owner: Kind<string> = {
  words: "text",
  expects: "a user's name",
  schema: { type: "string" },
  parse(written) {
    if (written.trim() === "") return mismatch;
    if (unprintable.test(written)) throw new Failure("usage", "holds a control character");
    if (written.length > nameLengthMax) throw new Failure("usage", `a name longer than ${nameLengthMax} characters`);
    return written.trim();
  },
};

const waitMax = dayMs;

const timeouts = section(
  { doc: "How long a metastore is waited for." },
  {
    connect: option(kind.duration(100, waitMax), {
      doc: "For the connection to one host; then the next one is tried.",
      default: "10s",
      example: "3s",
    }),
    call: option(kind.duration(100, waitMax), {
      doc: "For the answer to one call.",
      default: "1m",
      example: "5m",
    }),
  },
);

const hive = section(
  {
    doc:
      "A Hive Metastore in which other tools (Spark SQL, beeline, Trino, notebooks) find the marts by name. The lake keeps the " +
      "chain of versions either way; the metastore shows the last one, and what it does not show yet the next run registers. " +
      "`catalog: embedded` is the default: nothing beside the lake.",
  },
  {
    hive: listOf(host, {
      doc:
        "Where the metastore is, `host:port`; without a port 9083. Several servers of one metastore are a list, tried in this order. " +
        "An IPv6 address stands in brackets.",
      example: "[metastore-1:9083, metastore-2:9083]",
      required: true,
    }),
    database: optional(database, {
      doc: "The database of marts that do not name their own, created if it is not there.",
      absent: "the project's `name`, with `_` for `-`",
      example: "gha",
    }),
    location: optional(location, {
      doc: "Where a database lies that has to be created. The marts' files stay in `lake.marts`.",
      absent: "`_databases/NAME` in `lake.marts`",
      example: "s3a://gha-marts/databases/gha",
    }),
    tables: option(kind.yesNo, {
      doc: "Registers the tables too, with one partition `src=…` for each raw object, as they appear.",
      default: "false",
      example: "true",
    }),
    owner: optional(owner, {
      doc: "Whom the metastore names as the owner of what is created.",
      absent: "the project's name",
      example: "etl",
    }),
    transport: option(kind.choice("buffered", "framed"), {
      doc: "How messages are sent; `framed` where the metastore has `metastore.thrift.framed.transport.enabled`.",
      default: "buffered",
      example: "framed",
    }),
    timeouts,
  },
  (values, report) => {
    const names = (values.hive ?? []).map(({ host, port }) => `${host}:${port}`);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) report("hive", `names ${twice} twice`, "Remove one");
  },
);

export const catalog = optionalSection(hive, {
  none: "embedded",
  remedy: "A metastore has an address: catalog: { hive: metastore:9083 }",
});

export type CatalogValues = ValuesOf<{ readonly catalog: typeof catalog }>["catalog"];

/**
 * `name` is the project's, `written` whether the file says it: the directory's name is another one on another machine, and
 * would be another database there.
 */
export function catalogSettings(
  values: CatalogValues,
  { name, written }: { readonly name: string; readonly written: boolean },
  report: (path: readonly string[], fact: string, remedy: string) => void,
): CatalogSettings {
  const said = saidOf(values);
  if (said === undefined) return { kind: "embedded" };
  const own = written ? legalDatabase(name) : undefined;
  if (said.database === undefined && own === undefined) {
    const fact = written ? `the project's name ${name} is too long for one` : "the project has no name to call it by";
    report(["database"], `missing: ${fact}`, `Write database: NAME here${written ? "" : ", or name: NAME at the top"}`);
  }
  return {
    kind: "hive",
    hosts: said.hive,
    database: said.database ?? own ?? "",
    location: said.location,
    tables: said.tables,
    owner: said.owner ?? name.slice(0, nameLengthMax),
    transport: said.transport,
    connectMs: said.timeouts.connect,
    callMs: said.timeouts.call,
  };
}
