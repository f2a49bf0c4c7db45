/** Rows by `shred-values.ts`: the reference. */
import { BadLine, LINE_FEED, skipBlanks } from "./cursor.ts";
import { typescriptLevels } from "./levels.ts";
import { allocateLines } from "./line-buffer.ts";
import { rollBack } from "./rollback.ts";
import { clearColumns } from "./row-group.ts";
import type { RowState } from "./row-state.ts";
import { type Rows, tooLong } from "./rows.ts";
import { shredRow } from "./shred-values.ts";
import { beginStrings, takeFullPages } from "./string-column.ts";

const OPEN_OBJECT = 0x7b;

export class TypeScriptRows implements Rows {
  readonly allocate = allocateLines;
  readonly levels = typescriptLevels;
  readonly memory = null;
  readonly #state: RowState;
  /** How many rows were in the group when the line began. */
  #keep = 0;
  count = 0;
  groupBytes = 0;

  constructor(state: RowState) {
    this.#state = state;
  }

  /** Reads one line. */
  read(): void {
    const state = this.#state;
    const { cursor } = state;
    state.lineStart = cursor.at;
    if (skipBlanks(cursor) !== LINE_FEED) this.#readRow();
    cursor.at++;
    state.line++;
  }

  rollBack(): void {
    const state = this.#state;
    rollBack(state.root, this.#keep, state.line);
    state.rollBackRow();
  }

  sync(): void {
    // The tree holds the columns itself.
  }

  clear(): void {
    clearColumns(this.#state.root);
    this.groupBytes = 0;
  }

  close(): void {
    // The collector knows what is not used any more.
  }

  /** Shreds what begins at the cursor and leaves the cursor at the line feed. */
  #readRow(): void {
    const state = this.#state;
    const { cursor, settings } = state;
    beginStrings();
    state.beginRow();
    this.#keep = state.root.count;
    if (cursor.bytes[cursor.at] !== OPEN_OBJECT) throw new BadLine("not an object");
    shredRow(state);
    if (skipBlanks(cursor) !== LINE_FEED) throw new BadLine("second value on the line");
    const length = cursor.at - state.lineStart;
    if (length > settings.lineBytesMax) throw tooLong(settings.lineBytesMax);
    state.takePages(takeFullPages());
    this.count++;
    this.groupBytes += length;
  }
}
