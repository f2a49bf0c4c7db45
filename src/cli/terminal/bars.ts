/** One line a stage with a bar, figures, rate and time left; redrawn in place on a live terminal and nowhere else. */
import type { Event, Stage } from "../../model/events.ts";
import { eventLine, isAlarming } from "./lines.ts";
import { byteRate, count, counted, duration, size } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import type { Progress, StageProgress } from "./progress.ts";
import { bytesSoFar, itemsDone, itemsSkipped, newProgress } from "./progress.ts";
import type { Screen } from "./screen.ts";
import { cut, displayWidth, padEnd, visible } from "./text.ts";

export interface BarsOptions {
  readonly width: number;
  readonly paint: Paint;
  /** What the items of a stage are called: hours, partitions. */
  readonly units: Readonly<Record<Stage, string>>;
}

const indent = "  ";
const NAME_WIDTH = 9;
const BAR_WIDTH = { least: 8, normal: 24, most: 40 } as const;
/** With less room than this a bar is left out. */
const WIDTH_FOR_BAR = 48;
const stages: readonly Stage[] = ["collect", "convert", "marts"];

/** The lines of all stages that have something to do or have found that there is nothing. */
export function renderBars(progress: Progress, nowMs: number, options: BarsOptions): readonly string[] {
  const begun = stages
    .flatMap((stage) => progress.stages.get(stage) ?? [])
    .filter((stage) => stage.items > 0 || stage.skipped.size > 0);
  const amounts = begun.map((stage) => (stage.items === 0 ? "" : amountText(stage, options.units[stage.stage])));
  const amountWidth = Math.max(0, ...amounts.map(displayWidth));
  const figures = begun.map((stage) => (stage.items === 0 ? [] : figureTexts(stage, nowMs)));
  const firstWidth = Math.max(0, ...figures.map(([first = ""]) => displayWidth(first)).filter((width) => width <= 14));
  const room = options.width - 1 - indent.length - NAME_WIDTH - 1 - amountWidth - 4;
  const wanted = Math.max(BAR_WIDTH.normal, Math.min(BAR_WIDTH.most, Math.floor(options.width / 4)));
  const barWidth = options.width < WIDTH_FOR_BAR ? 0 : Math.max(BAR_WIDTH.least, Math.min(wanted, room - 26));
  return begun.map((stage, index) => {
    if (stage.items === 0) return upToDateLine(stage, barWidth, options);
    const name = padEnd(stage.stage, NAME_WIDTH);
    const bar = barWidth === 0 ? "" : `${paintBar(stage, barWidth, options.paint)}  `;
    const head = `${indent}${name} ${bar}${padEnd(amounts[index] ?? "", amountWidth)}`;
    const line =
      `${head}${fitFigures(figures[index] ?? [], firstWidth, options.width - 1 - displayWidth(head))}`.trimEnd();
    return barWidth === 0 ? cut(line, options.width - 1) : line;
  });
}

function upToDateLine(stage: StageProgress, barWidth: number, options: BarsOptions): string {
  const bar = barWidth === 0 ? "" : `${"─".repeat(barWidth)}  `;
  const text = `${count(itemsSkipped(stage))} ${options.units[stage.stage]} up to date`.replace("  ", " ");
  return options.paint.quiet(`${indent}${padEnd(stage.stage, NAME_WIDTH)} ${bar}${text}`);
}

/** As many figures as the line has room for; the first one is aligned between the stages where it is short. */
function fitFigures(figures: readonly string[], firstWidth: number, room: number): string {
  let text = "";
  for (const [index, figure] of figures.entries()) {
    const next = `  ${index === 0 ? padEnd(figure, firstWidth) : figure}`;
    if (displayWidth(text) + displayWidth(next.trimEnd()) > room) break;
    text += next;
  }
  return text;
}

function amountText(stage: StageProgress, unit: string): string {
  const items = Math.max(stage.items, stage.ended);
  return `${count(stage.ended)}/${count(items)} ${unit}`.trimEnd();
}

function paintBar(stage: StageProgress, width: number, paint: Paint): string {
  const items = Math.max(stage.items, stage.ended, 1);
  const share = stage.tookMs !== undefined && stage.ended >= stage.items ? 1 : Math.min(1, itemsDone(stage) / items);
  const filled = Math.floor(share * width);
  const broken = Math.min(filled, Math.ceil((stage.failed / items) * width));
  return (
    paint.accent("━".repeat(filled - broken)) +
    paint.alarm("━".repeat(broken)) +
    paint.quiet("─".repeat(width - filled))
  );
}

/** What the stage has moved, then how long it took, or how fast it goes and how long it still needs. */
function figureTexts(stage: StageProgress, nowMs: number): readonly string[] {
  const moved = movedTexts(stage);
  const failed = stage.failed === 0 ? [] : [`${count(stage.failed)} failed`];
  if (stage.tookMs !== undefined) return [...moved, duration(stage.tookMs), ...failed];
  const ran = nowMs - stage.startedMs;
  const done = itemsDone(stage);
  const left =
    done <= 0 || ran < 500 ? "" : `${duration(Math.max(0, (ran / done) * (Math.max(stage.items, done) - done)))} left`;
  return [...moved, ...failed, rateText(stage, ran), left].filter((text) => text !== "");
}

function movedTexts(stage: StageProgress): readonly string[] {
  switch (stage.stage) {
    case "collect":
      return [size(bytesSoFar(stage))];
    case "convert": {
      const columns = stage.columns === 0 ? "" : ` · ${counted(stage.columns, "column")}`;
      const rejected = stage.rejected === 0 ? "" : ` · ${count(stage.rejected)} rejected`;
      return [`${counted(stage.rows, "row")}${columns}${rejected}`];
    }
    case "marts":
      return stage.published.length === 0
        ? []
        : [stage.published.map((mart) => `${cut(visible(mart.name), 24)} ${count(mart.rows)}`).join(" · ")];
  }
}

function rateText(stage: StageProgress, ranMs: number): string {
  if (ranMs < 500) return "";
  if (stage.stage === "collect") return byteRate(bytesSoFar(stage), ranMs);
  return stage.stage === "convert" && stage.rows > 0 ? `${count((stage.rows / ranMs) * 1000)} rows/s` : "";
}

export interface LiveBars {
  report(event: Event): void;
  /** Prints lines above the bars. */
  note(...lines: readonly string[]): void;
  /** Draws the last state for good and gives the cursor back. */
  stop(): void;
}

export interface LiveOptions {
  readonly screen: Screen;
  readonly units: Readonly<Record<Stage, string>>;
  readonly now: () => number;
}

/** Ten frames a second are fluent; more only cost time. */
const FRAME_MS = 100;

export function startBars(options: LiveOptions): LiveBars {
  const { screen, units, now } = options;
  const progress = newProgress();
  let drawn = 0;
  let isStale = false;
  const draw = (above: readonly string[] = []): void => {
    const lines = renderBars(progress, now(), { width: screen.width(), paint: screen.paint, units });
    screen.redraw(drawn, [...above, ...lines]);
    drawn = lines.length;
    isStale = false;
  };
  screen.hideCursor();
  // A stage under way is redrawn even without an event: its time left moves.
  const timer = setInterval(() => {
    const running = [...progress.stages.values()].some((stage) => stage.items > 0 && stage.tookMs === undefined);
    if (isStale || running) draw();
  }, FRAME_MS);
  timer.unref();
  return {
    report(event) {
      const atMs = now();
      progress.apply(event, atMs);
      isStale = true;
      const line = isAlarming(event) ? eventLine(event, atMs) : undefined;
      if (line !== undefined) draw([screen.paint.alarm(line)]);
    },
    note(...lines) {
      draw(lines);
    },
    stop() {
      clearInterval(timer);
      draw();
      drawn = 0;
      screen.showCursor();
    },
  };
}
