/** One line a stage with a bar, figures, rate and time left; redrawn in place on a live terminal and nowhere else. */
import type { Event, Stage } from "../../model/events.ts";
import { isAlarming, reasonText } from "./lines.ts";
import { byteRate, count, counted, duration, size } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import type { Progress, StageProgress } from "./progress.ts";
import { bytesSoFar, itemsDone, itemsSkipped, newProgress } from "./progress.ts";
import type { Screen } from "./screen.ts";
import { cut, displayWidth, fitted, padEnd, visible, wrap } from "./text.ts";

export interface BarsOptions {
  readonly width: number;
  readonly paint: Paint;
  /** What the items of a stage are called: hours, partitions. */
  readonly units: Readonly<Record<Stage, string>>;
}

const indent = "  ";
const gap = "  ";
const NAME_WIDTH = 7;
const BAR_WIDTH = { least: 10, normal: 24, most: 40 } as const;
/** Here the shortest bar leaves room for all figures; what is wider goes to the bar first. */
const WIDTH_NORMAL = 80;
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
  const figures = begun.map((stage) => (stage.items === 0 ? noFigures : figuresOf(stage, nowMs)));
  const mainWidth = Math.max(0, ...figures.map(({ main }) => displayWidth(main)).filter((width) => width <= 12));
  const barWidth = barWidthFor(options.width);
  return begun.map((stage, index) => {
    if (stage.items === 0) return upToDateLine(stage, barWidth, options);
    const bar = barWidth === 0 ? "" : `${paintBar(stage, barWidth, options.paint)}${gap}`;
    const head = `${indent}${padEnd(stage.stage, NAME_WIDTH)}${gap}${bar}${padEnd(amounts[index] ?? "", amountWidth)}`;
    const figure = fitFigures(figures[index] ?? noFigures, mainWidth, options.width - 1 - displayWidth(head));
    const line = `${head}${figure}`.trimEnd();
    return barWidth === 0 ? cut(line, options.width - 1) : line;
  });
}

/** By the terminal alone: a bar that grew and shrank with its figures would not stand still. */
function barWidthFor(width: number): number {
  if (width < WIDTH_FOR_BAR) return 0;
  const spare = BAR_WIDTH.least + Math.max(0, width - WIDTH_NORMAL);
  return Math.min(spare, Math.max(BAR_WIDTH.normal, Math.min(BAR_WIDTH.most, Math.floor(width / 4))));
}

function upToDateLine(stage: StageProgress, barWidth: number, options: BarsOptions): string {
  const bar = barWidth === 0 ? "" : `${"─".repeat(barWidth)}${gap}`;
  const items = [count(itemsSkipped(stage)), options.units[stage.stage], "up to date"].filter((part) => part !== "");
  return options.paint.quiet(`${indent}${padEnd(stage.stage, NAME_WIDTH)}${gap}${bar}${items.join(" ")}`);
}

/** What stands to the right of a stage's amount; what is missing is empty. */
interface Figures {
  readonly main: string;
  readonly extra: string;
  readonly failed: string;
  readonly rate: string;
  /** How long it took, or how long it still needs. */
  readonly time: string;
}

const noFigures: Figures = { main: "", extra: "", failed: "", rate: "", time: "" };

function joinFigures({ main, extra, failed, rate, time }: Figures, mainWidth: number): string {
  const first = extra === "" ? padEnd(main, mainWidth) : `${main} · ${extra}`;
  return [first, failed, rate, time]
    .filter((part) => part.trim() !== "")
    .map((part) => gap + part)
    .join("");
}

/** As many figures as the line has room for; what matters least goes first. */
function fitFigures(figures: Figures, mainWidth: number, room: number): string {
  const tries: readonly Figures[] = [
    figures,
    { ...figures, rate: "" },
    { ...figures, extra: "" },
    { ...figures, extra: "", rate: "" },
    { ...figures, extra: "", rate: "", time: "" },
    { ...noFigures, failed: figures.failed },
  ];
  const texts = tries.flatMap((each) => [joinFigures(each, mainWidth).trimEnd(), joinFigures(each, 0)]);
  return texts.find((text) => displayWidth(text) <= room) ?? "";
}

function amountText(stage: StageProgress, unit: string): string {
  const items = Math.max(stage.items, stage.ended);
  return `${count(stage.ended)}/${count(items)} ${unit}`.trimEnd();
}

function paintBar(stage: StageProgress, width: number, paint: Paint): string {
  const items = Math.max(stage.items, stage.ended, 1);
  const share = stage.tookMs !== undefined && stage.ended >= stage.items ? 1 : Math.min(1, itemsDone(stage) / items);
  const filled = Math.floor(share * width);
  const broken = Math.min(filled, Math.ceil(((stage.failed + stage.gaps) / items) * width));
  return (
    paint.accent("━".repeat(filled - broken)) +
    paint.alarm("━".repeat(broken)) +
    paint.quiet("─".repeat(width - filled))
  );
}

function figuresOf(stage: StageProgress, nowMs: number): Figures {
  const bad = [
    stage.failed === 0 ? "" : `${count(stage.failed)} failed`,
    stage.gaps === 0 ? "" : counted(stage.gaps, "gap"),
  ];
  const failed = bad.filter((text) => text !== "").join(", ");
  const moved = movedFigures(stage);
  if (stage.tookMs !== undefined) return { ...moved, failed, rate: "", time: duration(stage.tookMs) };
  const ranMs = nowMs - stage.startedMs;
  return { ...moved, failed, rate: rateText(stage, ranMs), time: leftText(stage, ranMs) };
}

/** Nothing is said about the future before so much of the past is known. */
const FORESIGHT_MS = 500;

function leftText(stage: StageProgress, ranMs: number): string {
  const done = itemsDone(stage);
  const left = stage.items - done;
  if (done <= 0 || left <= 0 || ranMs < FORESIGHT_MS) return "";
  // Whole seconds: a guess with decimals would only flicker.
  const seconds = Math.ceil(((ranMs / done) * left) / 1000);
  return `${seconds < 60 ? `${seconds} s` : duration(seconds * 1000)} left`;
}

function movedFigures(stage: StageProgress): Pick<Figures, "main" | "extra"> {
  switch (stage.stage) {
    case "collect":
      return { main: size(bytesSoFar(stage)), extra: "" };
    case "convert": {
      const columns = stage.columns === 0 ? [] : [counted(stage.columns, "column")];
      const rejected = stage.rejected === 0 ? [] : [`${count(stage.rejected)} rejected`];
      return { main: counted(stage.rows, "row"), extra: [...rejected, ...columns].join(" · ") };
    }
    case "marts":
      return { main: publishedText(stage.published), extra: "" };
  }
}

const MARTS_NAMED = 2;

function publishedText(published: StageProgress["published"]): string {
  const named = published.slice(0, MARTS_NAMED).map((mart) => `${fitted(mart.name, 24)} ${count(mart.rows)}`);
  const rest = published.length - named.length;
  return [...named, ...(rest === 0 ? [] : [`${rest} more`])].join(" · ");
}

function rateText(stage: StageProgress, ranMs: number): string {
  if (ranMs < FORESIGHT_MS) return "";
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

/** What went wrong, above the bars; gaps are counted in the bar and told at the end, as ranges. */
function alarmLines(event: Event, width: number): readonly string[] {
  if (!isAlarming(event) || !("reason" in event) || !("key" in event)) return [];
  const text = visible(`${event.key}  ${reasonText(event)}`);
  return wrap(text, width - 5).map((line, index) => `${indent}${index === 0 ? "✕" : " "} ${line}`);
}

export interface LiveOptions {
  readonly screen: Screen;
  readonly units: Readonly<Record<Stage, string>>;
  readonly now: () => number;
}

/** Ten frames a second are fluent; more only cost time. */
const FRAME_MS = 100;

/** A server that is started takes seconds, and one that is downloaded minutes, in which no bar moves. */
export function engineText(event: Event): string | undefined {
  switch (event.code) {
    case "engine.install":
      return `Spark ${event.version} is downloaded into ${event.directory}`;
    case "engine.start":
      return `Spark ${event.version} starts`;
    case "engine.ready":
      return `Spark ${event.version} is ready after ${duration(event.ms)}`;
    default:
      return undefined;
  }
}

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
      const alarm = alarmLines(event, screen.width());
      if (alarm.length > 0) draw(alarm.map(screen.paint.alarm));
      const said = engineText(event);
      if (said !== undefined) draw([screen.paint.quiet(cut(`${indent}${said}`, screen.width() - 1))]);
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
