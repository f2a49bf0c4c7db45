/** The bytes of all keys as they were first met, from after the opening quote up to and including the colon. */
import type { Cursor } from "./cursor.ts";
import type { Node } from "./node.ts";

export class KeyArena {
  #bytes: Buffer = Buffer.alloc(1 << 14);
  view: DataView = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  used = 0;

  /** Keeps `source[start..end)`, the text between a key's quotes, for the node. */
  add(node: Node, source: Buffer, start: number, end: number): void {
    const length = end - start + 2;
    if (this.used + length + 4 > this.#bytes.length) {
      const larger = Buffer.alloc((this.used + length) * 2);
      this.#bytes.copy(larger, 0, 0, this.used);
      this.#bytes = larger;
      this.view = new DataView(larger.buffer, larger.byteOffset, larger.byteLength);
    }
    node.keyStart = this.used;
    node.keyLength = length;
    source.copy(this.#bytes, this.used, start, end);
    this.#bytes.write('":', this.used + length - 2, "latin1");
    this.used += length;
  }
}

/**
 * Whether the text at the cursor, which stands after a key's opening quote, is the node's key followed by `":`; if so
 * the cursor moves behind the colon. Compares words of four bytes, which may read behind both.
 */
export function passKey(cursor: Cursor, keys: KeyArena, node: Node): boolean {
  const key = keys.view;
  const text = cursor.view;
  let left = node.keyStart;
  let right = cursor.at;
  const end = left + node.keyLength;
  for (; left + 4 <= end; left += 4, right += 4) {
    if (key.getInt32(left, true) !== text.getInt32(right, true)) return false;
  }
  const rest = end - left;
  if (rest !== 0) {
    const difference = key.getInt32(left, true) ^ text.getInt32(right, true);
    if ((difference & ((1 << (rest << 3)) - 1)) !== 0) return false;
  }
  cursor.at += node.keyLength;
  return true;
}
