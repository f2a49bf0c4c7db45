/** An output stream as the renderers see it: how wide it is, whether it may be redrawn, how it is coloured. */
import { jsonText } from "./json-lines.ts";
import type { Paint } from "./paint.ts";
import { colourPaint, noPaint, wantsColour } from "./paint.ts";
import { guarded } from "./text.ts";

/** What of a `tty.WriteStream` is used; any writable stream will do. */
export interface OutStream {
  write(chunk: string | Uint8Array): boolean;
  once(event: "drain" | "close" | "error", listener: () => void): unknown;
  removeListener(event: "drain" | "close" | "error", listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Screen {
  readonly paint: Paint;
  readonly isTerminal: boolean;
  /** Lines may be redrawn: a terminal that is not dumb. */
  readonly isLive: boolean;
  /** Cells in a line, asked anew each time: windows are resized. */
  width(): number;
  /** Prints lines; controls other than our colours are written out instead of obeyed. */
  print(...lines: readonly string[]): void;
  /** Prints a value as JSON on one line. */
  printJson(value: unknown): void;
  /** Prints text to the byte, for files and programs; on a terminal it is made harmless. */
  printExactly(text: string): void;
  /** Draws lines over the `before` lines that were drawn last, and clears what is left of those. */
  redraw(before: number, lines: readonly string[]): void;
  hideCursor(): void;
  /** Also safe to call when nothing was hidden: every way out of the process does. */
  showCursor(): void;
}

/** Off a terminal, when nobody says otherwise. */
export const WIDTH_OFF_TERMINAL = 100;

const WIDTH_MIN = 20;

export interface ScreenOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly noColour: boolean;
  /** Another stream whose terminal may lend its width, as for `millrace plan | less`. */
  readonly beside?: OutStream;
}

export function makeScreen(stream: OutStream, options: ScreenOptions): Screen {
  const isTerminal = stream.isTTY === true;
  const declared = Number(options.env.COLUMNS);
  const width = (): number => {
    const cells =
      stream.columns ??
      options.beside?.columns ??
      (Number.isInteger(declared) && declared > 0 ? declared : WIDTH_OFF_TERMINAL);
    // A terminal of no width is one that does not know its width.
    return cells === 0 ? 80 : Math.max(WIDTH_MIN, cells);
  };
  let isHidden = false;
  return {
    paint: wantsColour({ noColour: options.noColour, env: options.env, isTerminal }) ? colourPaint : noPaint,
    isTerminal,
    isLive: isTerminal && options.env.TERM !== "dumb",
    width,
    print(...lines) {
      stream.write(guarded(`${lines.join("\n")}\n`));
    },
    printJson(value) {
      stream.write(`${jsonText(value)}\n`);
    },
    printExactly(text) {
      stream.write(isTerminal ? guarded(text) : text);
    },
    redraw(before, lines) {
      const up = before === 0 ? "\r" : `\x1b[${before}A\r`;
      stream.write(`${up}${lines.map((line) => `${guarded(line)}\x1b[K\n`).join("")}\x1b[J`);
    },
    hideCursor() {
      isHidden = true;
      stream.write("\x1b[?25l");
    },
    showCursor() {
      if (isHidden) stream.write("\x1b[?25h");
      isHidden = false;
    },
  };
}
