/** Three meanings have a colour, and nothing else: progress, what needs a person, what is skipped. */
export interface Paint {
  /** Progress and what to type next. */
  accent(text: string): string;
  /** Needs a person. */
  alarm(text: string): string;
  /** Skipped, waiting, or of minor interest. */
  quiet(text: string): string;
}

const identity = (text: string): string => text;
const coloured =
  (code: number) =>
  (text: string): string =>
    text === "" ? "" : `\x1b[${code}m${text}\x1b[0m`;

export const noPaint: Paint = { accent: identity, alarm: identity, quiet: identity };
export const colourPaint: Paint = { accent: coloured(36), alarm: coloured(31), quiet: coloured(90) };

export interface ColourWish {
  /** `--no-color`. */
  readonly noColour: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

/** The flag wins over `NO_COLOR`, that over `FORCE_COLOR`, and without any of them a terminal that is not dumb has colour. */
export function wantsColour(wish: ColourWish): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = wish.env;
  if (wish.noColour) return false;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  return wish.isTerminal && term !== "dumb";
}
