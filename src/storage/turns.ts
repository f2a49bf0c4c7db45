/** One after the other for each name, within this process. */

const last = new Map<string, Promise<void>>();

/** Runs `work` when all earlier work of the same name has ended, however it ended. */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = last.get(name);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  last.set(name, ended);
  try {
    await before;
    return await work();
  } finally {
    end();
    if (last.get(name) === ended) last.delete(name);
  }
}
