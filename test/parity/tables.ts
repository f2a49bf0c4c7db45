/**
 * The tables of the parity corpus: JSON lines converted by our own converter, two partitions of each, the second without
 * some of the first one's columns. They are small, so that every statement can be judged by eye.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openNativeConverter } from "../../src/convert/open.ts";
import type { InputFile, TableInput } from "../../src/engine/contract.ts";
import { mergeSchemas } from "../../src/model/merge.ts";
import type { DeclaredColumns, DeclaredType, Schema } from "../../src/model/schema.ts";
import { parseType } from "../../src/model/type-text.ts";

interface TableSource {
  readonly declared: Readonly<Record<string, string>>;
  /** Lines by the partition that they are in. */
  readonly lines: Readonly<Record<string, readonly string[]>>;
}

export const sources: Readonly<Record<string, TableSource>> = {
  people: {
    declared: { born: "timestamp", price: "decimal(10,2)", rate: "decimal(5,3)" },
    lines: {
      "2026-03-01-15": [
        `{"id":1,"name":"Ann","score":1.5,"price":"10.25","rate":"0.125","active":true,"born":"2020-02-29T23:59:59.123456Z","tags":["a","b","c"],"nums":[3,1,2],"actor":{"login":"ann","id":10,"displayName":"Ann A"},"items":[{"sku":"x","qty":2},{"sku":"y","qty":3}],"userId":7,"a.b":"dot","c-d":"dash","doc":"{\\"k\\":[1,2],\\"s\\":\\"v\\"}"}`,
        `{"id":2,"name":"bob","score":-0.5,"price":"0.10","rate":"1.000","active":false,"born":"1969-12-31T23:59:59Z","tags":[],"nums":[],"actor":{"login":"Bob","id":20,"displayName":null},"items":[],"userId":8,"a.b":null,"c-d":"x","doc":"{\\"k\\":null}"}`,
        `{"id":3,"name":null,"score":null,"price":null,"rate":null,"active":null,"born":null,"tags":null,"nums":null,"actor":null,"items":null,"userId":null,"a.b":"y","c-d":null,"doc":null}`,
        `{"id":4,"name":"Zoë 𝄞","score":2.0,"price":"-3.50","rate":"0.333","active":true,"born":"2026-03-01T15:00:00Z","tags":["b",null],"nums":[null,5],"actor":{"login":null,"id":null,"displayName":"Z"},"items":[{"sku":null,"qty":1}],"userId":9,"a.b":"","c-d":"","doc":"not json"}`,
      ],
      "2026-03-02-00": [
        `{"id":5,"name":"","score":0.0,"price":"99999999.99","active":true,"born":"2026-12-31T12:30:00Z","tags":["c"],"nums":[9223372036854775807],"actor":{"login":"eve","id":50},"big":9223372036854775807}`,
        `{"id":6,"name":"a_b%c","score":-2.5,"price":"2.50","active":false,"born":"2024-02-29T00:00:00Z","tags":["a","a"],"nums":[2,2],"actor":{"login":"ann","id":60},"big":-9223372036854775808}`,
        `{"id":7,"name":"İstanbul straße","score":1e20,"price":"7.00","active":true,"born":"2026-03-29T01:30:00Z","tags":["z"],"nums":[7],"actor":{"login":"kim","id":70},"big":12}`,
      ],
    },
  },
  sales: {
    declared: {},
    lines: {
      "2026-03-01-15": [
        `{"id":1,"shop":"north","item":"apple","qty":5,"amount":2.5,"day":"2026-03-01"}`,
        `{"id":2,"shop":"north","item":"pear","qty":3,"amount":1.25,"day":"2026-03-01"}`,
        `{"id":3,"shop":"south","item":"apple","qty":-2,"amount":4.0,"day":"2026-03-02"}`,
        `{"id":4,"shop":"south","item":null,"qty":7,"amount":null,"day":"2026-03-02"}`,
        `{"id":5,"shop":null,"item":"pear","qty":null,"amount":0.5,"day":"2026-03-03"}`,
      ],
      "2026-03-02-00": [
        `{"id":6,"shop":"north","item":"apple","qty":5,"amount":8.0,"day":"2026-03-03"}`,
        `{"id":7,"shop":"east","item":"fig","qty":0,"amount":-1.5,"day":null}`,
        `{"id":8,"shop":null,"item":null,"qty":4,"amount":null,"day":"2026-03-04"}`,
      ],
    },
  },
  shops: {
    declared: {},
    lines: {
      "2026-03-01-15": [
        `{"shop":"north","city":"Oslo","rank":1}`,
        `{"shop":"south","city":"Rome","rank":2}`,
        `{"shop":null,"city":"Nowhere","rank":3}`,
      ],
      "2026-03-02-00": [`{"shop":"west","city":"Cork","rank":null}`],
    },
  },
  events: {
    declared: {
      "actor.login": "string",
      "actor.display_login": "string",
      "org.login": "string",
      "repo.name": "string",
      type: "string",
      "payload.action": "string",
    },
    lines: {
      "2026-03-01-15": [
        `{"id":"1","type":"PushEvent","actor":{"id":1,"login":"ann","display_login":"Ann"},"repo":{"id":9,"name":"o/r"},"payload":{"size":2},"created_at":"2026-03-01T15:00:00Z"}`,
        `{"id":"2","type":"IssuesEvent","actor":{"id":2,"login":"bob"},"repo":{"id":9,"name":"o/r"},"payload":{"action":"opened"},"org":{"id":5,"login":"o"},"created_at":"2026-03-01T15:59:59Z"}`,
      ],
      "2026-03-02-00": [
        `{"id":"3","type":"PushEvent","actor":{"id":2,"login":"bob"},"repo":{"id":8,"name":"p/q"},"payload":{"size":1},"created_at":"2026-03-02T00:00:01Z"}`,
        `{"id":"4","type":"PushEvent","actor":{"id":1,"login":"ann"},"repo":{"id":9,"name":"o/r"},"payload":null,"created_at":"2026-03-02T00:30:00Z"}`,
      ],
    },
  },
};

export interface ParityTables {
  readonly tables: ReadonlyMap<string, TableInput & { readonly schema: Schema }>;
  /** A fresh empty directory. */
  directory(): string;
  close(): void;
}

/** Converts the tables into a directory of their own. */
export async function parityTables(): Promise<ParityTables> {
  const root = mkdtempSync(join(tmpdir(), "millrace-parity-"));
  const tables = new Map<string, TableInput & { readonly schema: Schema }>();
  for (const [name, source] of Object.entries(sources)) tables.set(name, await convertTable(root, name, source));
  let directories = 0;
  return {
    tables,
    directory: () => {
      directories += 1;
      const path = join(root, `scratch-${directories}`);
      mkdirSync(path);
      return path;
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

async function convertTable(
  root: string,
  name: string,
  { declared, lines }: TableSource,
): Promise<TableInput & { readonly schema: Schema }> {
  const columns: DeclaredColumns = new Map<string, DeclaredType>(
    Object.entries(declared).map(([path, type]) => [path, parseType(type)]),
  );
  const converter = openNativeConverter({ workers: 0 });
  let schema: Schema = { fields: [] };
  const files: InputFile[] = [];
  try {
    for (const [src, texts] of Object.entries(lines)) {
      const place = join(root, name, `src=${src}`);
      mkdirSync(place, { recursive: true });
      const raw = join(root, `${name}-${src}.json`);
      writeFileSync(raw, texts.join("\n"));
      const report = await converter.convert({
        input: { file: raw },
        output: join(place, "data.parquet"),
        rejects: undefined,
        refuse: { rejectsMax: 0 },
        settings: {
          ...{ declared: columns, conflicts: "hold", duplicateKeys: "reject", compression: "zstd" },
          ...{ lineBytesMax: 1 << 20, depthMax: 64, columnsMax: 1_000 },
        },
        known: schema,
        provenance: {},
      });
      schema = mergeSchemas(schema, report.schema, { conflicts: "hold", declared: columns }).schema;
      files.push(inputFile(join(place, "data.parquet"), src));
    }
  } finally {
    await converter.close();
  }
  return { schema, partitioned: true, files: async () => files };
}

function inputFile(path: string, src: string): InputFile {
  const { size } = statSync(path);
  return { path, location: pathToFileURL(path).href, src, size, token: "1", check: async () => "1" };
}
