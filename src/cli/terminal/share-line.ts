/** How far something is whose end is known: a bar, the amounts, and what is left. */
import { duration } from "./numbers.ts";

export interface Share {
  readonly done: number;
  /** 0 as long as nobody knows. */
  readonly total: number;
  /** The amounts in words. */
  readonly text: string;
  /** Since the beginning. */
  readonly ms: number;
  readonly width: number;
}

const BAR_MAX = 32;
/** With less room than this the bar is left out. */
const WIDTH_FOR_BAR = 60;

export function shareLine({ done, total, text, ms, width }: Share): string {
  const share = total <= 0 ? 0 : Math.min(1, done / total);
  const bar = width < WIDTH_FOR_BAR ? "" : `${barText(share, Math.min(BAR_MAX, Math.floor(width / 4)))}  `;
  // Whole seconds: a guess with decimals would only flicker.
  const left = share <= 0 || share >= 1 ? "" : `   ${duration(Math.ceil((ms / share - ms) / 1000) * 1000)} left`;
  return `${bar}${text}${left}`;
}

function barText(share: number, width: number): string {
  const filled = Math.floor(share * width);
  return "━".repeat(filled) + "─".repeat(width - filled);
}
