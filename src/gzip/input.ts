/** A cursor over chunks that arrive one after the other. */

export interface Input {
  /** The chunk at hand; what lies before `at` is used up. */
  chunk: Uint8Array;
  at: number;
  /** Bytes of all chunks before the one at hand. */
  before: number;
  readonly pull: () => Promise<Uint8Array | undefined>;
}

const nothing = new Uint8Array(0);

/** `seen` is called with every chunk once, before it is used. */
export function openInput(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  seen: ((chunk: Uint8Array) => void) | undefined,
): { readonly input: Input; readonly close: () => Promise<void> } {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  const pull = async (): Promise<Uint8Array | undefined> => {
    const next = await iterator.next();
    if (next.done === true) return undefined;
    seen?.(next.value);
    return next.value;
  };
  return {
    input: { chunk: nothing, at: 0, before: 0, pull },
    close: async () => {
      await iterator.return?.();
    },
  };
}

/** Bytes used up so far. */
export function position(input: Input): number {
  return input.before + input.at;
}

/** Makes at least one unused byte available; `false` at the end. */
export async function fill(input: Input): Promise<boolean> {
  while (input.at === input.chunk.length) {
    const next = await input.pull();
    if (next === undefined) return false;
    input.before += input.chunk.length;
    input.chunk = next;
    input.at = 0;
  }
  return true;
}

/** Uses up one byte; `undefined` at the end. */
export async function takeByte(input: Input): Promise<number | undefined> {
  if (input.at === input.chunk.length && !(await fill(input))) return undefined;
  return input.chunk[input.at++];
}

/** The next `count` bytes, or fewer at the end, without using them up. Only for small counts: chunks are joined. */
export async function peek(input: Input, count: number): Promise<Uint8Array> {
  if (!(await fill(input))) return nothing;
  while (input.chunk.length - input.at < count) {
    const next = await input.pull();
    if (next === undefined) break;
    input.before += input.at;
    input.chunk = Buffer.concat([input.chunk.subarray(input.at), next]);
    input.at = 0;
  }
  return input.chunk.subarray(input.at, input.at + count);
}
