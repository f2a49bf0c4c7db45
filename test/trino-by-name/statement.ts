/** A statement to Trino over its protocol of HTTP, with its rows in the form that other readers' answers have. */
import { setTimeout } from "node:timers/promises";
import type { Answer, Plain } from "../spark-by-name/answers.ts";

/** Throws what Trino says of a statement that fails, its own name for the error first. */
export type Ask = (sql: string) => Promise<Answer>;

/** `url` of a server, statements of one catalog. Columns have Trino's own words for their types. */
export function askTrino(url: string, catalog: string): Ask {
  const headers = {
    "X-Trino-User": "test",
    "X-Trino-Catalog": catalog,
    // Without it timestamps are cut to milliseconds, for clients that know no others.
    "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
    // What is a timestamp without a zone there must not move with that of the session.
    "X-Trino-Time-Zone": "America/New_York",
  };
  const once: Ask = async (sql) => {
    let columns: readonly Column[] = [];
    const rows: Plain[][] = [];
    let page = await read(fetch(`${url}/v1/statement`, { method: "POST", body: sql, headers }));
    for (;;) {
      if (page.error !== undefined) throw new TrinoError(page.error.errorName, page.error.message);
      columns = page.columns ?? columns;
      for (const row of page.data ?? []) rows.push(row.map((value, at) => plain(value, columns[at]?.typeSignature)));
      if (page.nextUri === undefined) return { columns: columns.map(({ name, type }) => [name, type]), rows };
      page = await read(fetch(page.nextUri));
    }
  };
  return async (sql) => {
    const untilMs = performance.now() + nodeMsMax;
    for (;;) {
      try {
        return await once(sql);
      } catch (error) {
        const isEarly = error instanceof TrinoError && error.code === "NO_NODES_AVAILABLE";
        if (!isEarly || performance.now() > untilMs) throw error;
        await setTimeout(250);
      }
    }
  };
}

/** A server that has just begun answers before it has told itself that it is a node of the catalog. */
const nodeMsMax = 60_000;

class TrinoError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

interface Page {
  readonly nextUri?: string;
  readonly columns?: readonly Column[];
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: { readonly errorName: string; readonly message: string };
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly typeSignature: Signature;
}

interface Signature {
  readonly rawType: string;
  readonly arguments: readonly { readonly value: unknown }[];
}

interface NamedSignature {
  readonly fieldName: { readonly name: string };
  readonly typeSignature: Signature;
}

async function read(answer: Promise<Response>): Promise<Page> {
  const response = await answer;
  const text = await response.text();
  if (!response.ok) throw new Error(`Trino answers ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text, keepDigits);
}

/** Integers stand there as numbers of any length, as text they keep their digits. */
const keepDigits = (_: string, value: unknown, { source = "" }: { readonly source?: string } = {}): unknown =>
  typeof value === "number" && /^-?\d+$/.test(source) ? source : value;

function plain(value: unknown, type: Signature | undefined): Plain {
  if (value === null || type === undefined) return null;
  switch (type.rawType) {
    case "boolean":
      return value === true;
    case "real":
    case "double":
      return Number.isFinite(Number(value)) ? Number(value) : String(value);
    case "varbinary":
      return `0x${Buffer.from(String(value), "base64").toString("hex")}`;
    case "timestamp":
      return `${String(value).replace(" ", "T")}Z`;
    case "array":
      return listOf(value).map((each) => plain(each, elementOf(type)));
    case "row":
      return Object.fromEntries(
        fieldsOf(type).map(({ fieldName, typeSignature }, at) => [
          fieldName.name,
          plain(listOf(value)[at], typeSignature),
        ]),
      );
    default:
      return String(value);
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function elementOf({ arguments: [element] }: Signature): Signature {
  if (!isSignature(element?.value)) throw new Error("a list without a type of its elements");
  return element.value;
}

function fieldsOf({ arguments: fields }: Signature): readonly NamedSignature[] {
  return fields.map(({ value }) => {
    if (!isNamedSignature(value)) throw new Error("a row's field without name or type");
    return value;
  });
}

const isSignature = (value: unknown): value is Signature =>
  typeof Object(value).rawType === "string" && Array.isArray(Object(value).arguments);

const isNamedSignature = (value: unknown): value is NamedSignature =>
  typeof Object(Object(value).fieldName).name === "string" && isSignature(Object(value).typeSignature);
