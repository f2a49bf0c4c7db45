/** "Did you mean …?": the one candidate that a mistyped word most likely meant. */

/** Edits that turn one word into the other: insert, remove, replace, or swap two neighbours. */
export function editDistance(from: string, to: string): number {
  const width = to.length + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: width }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column < width; column++) {
      const same = from[row - 1] === to[column - 1];
      const replaced = (last[column - 1] ?? 0) + (same ? 0 : 1);
      let best = Math.min(replaced, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      const swapped = column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[width - 1] ?? 0;
}

/** Words longer than this are not a typing mistake; the bound keeps hostile input from costing anything. */
const wordLengthMax = 64;

/**
 * The candidate nearest to `word`, if it is near enough to be worth suggesting: equal but for case and separators, or
 * at most a third of its letters away. Of equally near ones the first wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > wordLengthMax) return undefined;
  const fold = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, "");
  let found: string | undefined;
  let foundDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.length > wordLengthMax) continue;
    const distance = fold(word) === fold(candidate) ? 0 : editDistance(word.toLowerCase(), candidate.toLowerCase());
    const bound = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (distance <= bound && distance < foundDistance) {
      found = candidate;
      foundDistance = distance;
    }
  }
  return found;
}
