/**
 * Which objects Spark may convert. It reads JSON otherwise than `designs/schema-rules.md` has it wherever those rules go
 * beyond plain values: each case was found by converting the edge corpus with Spark and comparing every value
 * (`test/spark/convert-corpus.test.ts`). Where one of them can matter, the native converter's file is the partition.
 */
import type { ColumnType, DeclaredColumns, DeclaredType, Schema } from "../model/schema.ts";
import type { ConvertReport, ConvertSettings } from "./contract.ts";

type TableRules = Pick<ConvertSettings, "duplicateKeys"> & { readonly declared: DeclaredColumns };

/**
 * What keeps every object of a table from Spark, as far as the table's settings tell: whole sentences without an end. Not
 * empty means that `convert: spark` is of no use to the table, of which `plan` warns.
 */
export function settingsUnlikeSpark({ duplicateKeys, declared }: TableRules): readonly string[] {
  const columns = [...declared].flatMap(([path, type]) => {
    const found = declaredUnlikeSpark(type);
    return found === undefined ? [] : [`the column ${path} is declared as ${found.kind}, and Spark ${found.why}`];
  });
  return duplicateKeys === "reject"
    ? columns
    : ["duplicate_keys is last, and Spark fails where the earlier value has another type", ...columns];
}

interface Unlike {
  readonly kind: string;
  readonly why: string;
}

function declaredUnlikeSpark(type: DeclaredType): Unlike | undefined {
  switch (type.kind) {
    case "json":
      return { kind: "json", why: "takes the quotes off texts there" };
    case "timestamp":
      return { kind: "timestamp", why: "knows fewer ways to write an instant" };
    case "int64":
      return { kind: "int64", why: "refuses 1.0 and 1e3" };
    case "list":
      return declaredUnlikeSpark(type.element);
    case "struct":
      for (const field of type.fields) {
        const found = declaredUnlikeSpark(field.type);
        if (found !== undefined) return found;
      }
      return undefined;
    default:
      return undefined;
  }
}

/** Why Spark is not asked for this object, by what the native converter found in it; `undefined` if it may be asked. */
export function objectUnlikeSpark(report: ConvertReport): string | undefined {
  const { rows, rejected, conflicts, schema, standIns } = report;
  if (rejected > 0) return `${rejected} of its lines were rejected, and Spark may take them for rows`;
  if (conflicts.length > 0) return "it clashes with the table's schema";
  if (rows === 0) return "it has no rows";
  if (schema.fields.every(({ type }) => type.kind === "null")) return "it has no columns";
  const empty = standIns.find(({ seen }) => seen === "struct");
  if (empty !== undefined) return `${empty.path} only holds {}, of which Spark keeps the source text`;
  const name = oddName(schema);
  return name === undefined ? undefined : `the key of the column ${name} is written otherwise in the source`;
}

/** A name that stands for a key with other characters (K3): Spark looks for the name itself. */
function oddName({ fields }: Schema): string | undefined {
  for (const { name, type } of fields) {
    const inner = oddNameIn(type);
    if (/[%\ufffd]/.test(name)) return name;
    if (inner !== undefined) return `${name}.${inner}`;
  }
  return undefined;
}

function oddNameIn(type: ColumnType): string | undefined {
  if (type.kind === "list") return oddNameIn(type.element);
  return type.kind === "struct" ? oddName(type) : undefined;
}

/**
 * Finds escapes of surrogates without their other half, which Spark reads as `?` (V4 has U+FFFD), in text that comes in
 * pieces. An escaped backslash before a `u` looks like one; then an object is kept from Spark that it could have had.
 */
export class LoneSurrogates {
  #found = false;
  /** The end of the last piece that a longer escape may begin in. */
  #rest = Buffer.alloc(0);

  get found(): boolean {
    return this.#found;
  }

  push(piece: Uint8Array): void {
    if (this.#found) return;
    const text = Buffer.concat([this.#rest, piece]);
    let at = 0;
    for (;;) {
      const next = text.indexOf("\\u", at);
      if (next < 0) break;
      // Both halves take twelve bytes; what is cut is looked at again with the next piece.
      if (next + PAIR_BYTES > text.length) {
        this.#rest = Buffer.from(text.subarray(next));
        return;
      }
      const pair = text.toString("latin1", next, next + PAIR_BYTES);
      const isWhole = /^\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]/.test(pair);
      if (!isWhole && /^\\u[dD][89a-fA-F]/.test(pair)) {
        this.#found = true;
        return;
      }
      at = next + (isWhole ? PAIR_BYTES : 2);
    }
    this.#rest = Buffer.from(text.subarray(Math.max(at, text.length - 1)));
  }

  /** What was cut at the end of the text. */
  end(): void {
    const { length } = this.#rest;
    if (length > 1) this.push(Buffer.alloc(PAIR_BYTES, " "));
  }
}

const PAIR_BYTES = 12;
