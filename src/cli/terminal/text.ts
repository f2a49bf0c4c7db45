/**
 * Text on a terminal: made harmless, measured in cells, cut and padded. Data is hostile: a file name or a JSON string may
 * hold escape sequences, direction overrides or a thousand combining marks, and none of them may reach the screen raw.
 */

const plainAscii = /^[\x20-\x7e]*$/;

/** Controls, invisible format characters, line separators and halves of surrogate pairs. */
const dangerous = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Joiners are part of emoji and of Persian and Indic words, and do no harm. */
const harmless = new Set(["\u200c", "\u200d"]);

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** More marks on one letter than any language stacks: they would be drawn over the lines around it. */
const stackedMarks = /(\p{M}{8})\p{M}+/gu;

/** The same text with everything that could steer a terminal written out, as in `\x1b[2J` or `\u{202e}`. One line. */
export function visible(text: string): string {
  if (plainAscii.test(text)) return text;
  return text.replaceAll(stackedMarks, "$1").replaceAll(dangerous, (found) => {
    if (harmless.has(found)) return found;
    const short = shortEscapes.get(found);
    if (short !== undefined) return short;
    const code = found.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** Our own colours: the only escape sequences that text to be printed may hold. */
const colour = `${String.fromCharCode(27)}\\[\\d{1,2}m`;
const colours = new RegExp(colour, "g");
const coloursAndLines = new RegExp(`(${colour}|\n)`);

/** Made when first needed: it costs 7 ms, and most of what is printed is ASCII. */
let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** Blocks whose characters take two cells (Unicode's East Asian Width W and F), as pairs of first and last. */
const wideBlocks: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x17000, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

function clusterWidth(cluster: string): number {
  const code = cluster.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{M}|^[\u200b-\u200d]/u.test(cluster)) return 0;
  if (/^\p{Emoji_Presentation}/u.test(cluster) || cluster.includes("\ufe0f")) return 2;
  return wideBlocks.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Latin letters, arrows, lines and blocks: one cell and one code unit each, which is nearly all that we print. */
const oneCellEach = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2013-\u201f\u2026\u2190-\u2193\u2500-\u25b6\u2713\u2715]*$/;

/** Cells that the text takes on a terminal; colours take none. */
export function displayWidth(text: string): number {
  const plain = text.includes("\u001b") ? text.replaceAll(colours, "") : text;
  if (oneCellEach.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemes(plain)) width += clusterWidth(segment);
  return width;
}

/** The text in at most `width` cells, with an ellipsis for what was cut. Takes text without colours. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 0) return "";
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes(text)) {
    const next = clusterWidth(segment);
    if (used + next > width - 1) break;
    kept += segment;
    used += next;
  }
  return `${kept}…`;
}

/** Data in at most `width` cells: made harmless, then cut. What is longer than any screen is not looked at to its end. */
export function fitted(data: string, width: number): string {
  const most = width * 16 + 64;
  return data.length <= most
    ? cut(visible(data), width)
    : cut(`${visible(data.slice(0, most))}…${" ".repeat(width)}`, width);
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Breaks text without colours at spaces into lines of at most `width` cells; a longer word stands on a line of its own. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && displayWidth(longer) > width) {
      lines.push(line.trimEnd());
      line = word;
    } else line = longer;
  }
  lines.push(line.trimEnd());
  return lines;
}

/** The last guard before a stream: lets lines and our own colours through and writes every other control out. */
export function guarded(text: string): string {
  if (!/[^\x20-\x7e]/.test(text)) return text;
  return text
    .split(coloursAndLines)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join("");
}
