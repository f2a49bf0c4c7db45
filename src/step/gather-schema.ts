/**
 * A table's schema from the footers of its partitions, by the merge that conversions publish with. The order in which
 * they come decides nothing but the spelling of names.
 */
import { fingerprint, mergeSchemas } from "../model/merge.ts";
import type { TableSettings } from "../model/project.ts";
import type { Schema } from "../model/schema.ts";
import type { RecordedWidening, TableState } from "../model/table-document.ts";
import { emptyTable, noteFirst } from "../model/table-document.ts";

type MergeSettings = Pick<TableSettings, "conflicts" | "columns">;

export class SchemaGatherer {
  readonly #options: Parameters<typeof mergeSchemas>[2];
  /** The least partition of each schema that was added, by its fingerprint. */
  readonly #known = new Map<string, string>();
  #schema: Schema = emptyTable.schema;
  #first: ReadonlyMap<string, string> = emptyTable.first;

  constructor(settings: MergeSettings) {
    this.#options = { conflicts: settings.conflicts, declared: settings.columns };
  }

  /** How many different schemas were added. */
  get size(): number {
    return this.#known.size;
  }

  /** Whether a partition with a schema of this fingerprint adds nothing, so that its footer need not be read. */
  knows(print: string, src: string): boolean {
    const least = this.#known.get(print);
    return least !== undefined && least <= src;
  }

  /** `file` is the logical schema of a partition, with the paths that were only null. */
  add(print: string, src: string, file: Schema): void {
    this.#schema = mergeSchemas(this.#schema, file, this.#options).schema;
    this.#first = noteFirst(this.#first, file, src);
    const least = this.#known.get(print);
    if (least === undefined || src < least) this.#known.set(print, src);
  }

  /** Leaf paths that partitions hold and the table does not, or only in a narrower type. */
  missingIn(table: Schema): readonly string[] {
    // The declarations belong to every merge; what they change was not lost.
    const asDeclared = mergeSchemas(table, { fields: [] }, this.#options).schema;
    const { schema, added, settled, widened } = mergeSchemas(asDeclared, this.#schema, this.#options);
    if (fingerprint(schema) === fingerprint(asDeclared)) return [];
    const paths = [...added, ...[...settled, ...widened].map(({ path }) => path)];
    return paths.length > 0 ? paths : ["(the size of integers, or what a text was made from)"];
  }

  /**
   * The state of the table: what `base`, an older state, knew, and what partitions hold beyond it. Which line widened a
   * column since is written in no footer: such a widening has no partition and line 0.
   */
  state(base: TableState = emptyTable): TableState {
    const { schema, widened } = mergeSchemas(base.schema, this.#schema, this.#options);
    const lost = widened
      .filter(({ from, to }) => !(from.kind === "string" && to.kind === "string"))
      .map((change): RecordedWidening => ({ ...change, src: "", line: 0, offset: 0, value: "" }));
    const first = new Map(base.first);
    for (const [path, src] of this.#first) {
      const known = first.get(path);
      if (known === undefined || src < known) first.set(path, src);
    }
    return {
      schema,
      first,
      widenings: [...base.widenings, ...lost],
    };
  }
}
