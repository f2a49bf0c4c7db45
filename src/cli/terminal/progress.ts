/** What the events of a run add up to, per stage: the state behind the bars. No clock of its own, no terminal. */
import type { Event, Stage } from "../../model/events.ts";

export interface StageProgress {
  readonly stage: Stage;
  /** Items that the stage is known to have. */
  items: number;
  /** Items of earlier rounds of the same run. */
  earlier: number;
  /** Up to date already, by name. */
  readonly skipped: Map<string, number>;
  /** Finished in whichever way. */
  ended: number;
  failed: number;
  /** Items that the source lacks although they are old. */
  gaps: number;
  /** Of finished items; `moving` holds those under way. */
  bytes: number;
  rows: number;
  rejected: number;
  columns: number;
  /** Shares of items under way, 0 to 1, and their bytes so far. */
  readonly moving: Map<string, { share: number; bytes: number }>;
  /** Marts that were published, with their rows. */
  readonly published: { readonly name: string; readonly rows: number }[];
  startedMs: number;
  /** `undefined` while it runs. */
  tookMs: number | undefined;
}

export interface Progress {
  readonly stages: ReadonlyMap<Stage, StageProgress>;
  apply(event: Event, atMs: number): void;
}

export function newProgress(): Progress {
  const stages = new Map<Stage, StageProgress>();
  const open = (stage: Stage, atMs: number): StageProgress => {
    let found = stages.get(stage);
    if (found === undefined) {
      found = emptyStage(stage, atMs);
      stages.set(stage, found);
    }
    return found;
  };
  return {
    stages,
    apply(event, atMs) {
      if ("stage" in event) applyStage(open(event.stage, atMs), event, atMs);
      else applyItem(event, (stage) => open(stage, atMs));
    },
  };
}

const emptyStage = (stage: Stage, startedMs: number): StageProgress => ({
  stage,
  items: 0,
  earlier: 0,
  skipped: new Map(),
  ended: 0,
  failed: 0,
  gaps: 0,
  bytes: 0,
  rows: 0,
  rejected: 0,
  columns: 0,
  moving: new Map(),
  published: [],
  startedMs,
  tookMs: undefined,
});

function applyStage(stage: StageProgress, event: Extract<Event, { stage: Stage }>, atMs: number): void {
  switch (event.code) {
    case "stage.start":
      // A stage that starts again, in a later round of the same run, goes on counting.
      if (stage.tookMs !== undefined) {
        stage.startedMs = atMs - stage.tookMs;
        stage.tookMs = undefined;
      } else if (stage.items === 0) stage.startedMs = atMs;
      stage.earlier = stage.items;
      stage.items = stage.earlier + event.items;
      return;
    case "stage.grow":
      stage.items = stage.earlier + event.items;
      return;
    case "stage.done":
      stage.tookMs = atMs - stage.startedMs;
      stage.moving.clear();
      return;
    case "item.skipped":
      // One item of the stage that turned out to need nothing, or all of a name that were never part of it.
      if (event.name.includes("@")) end(stage, event.name, {});
      else stage.skipped.set(event.name, event.items);
      return;
  }
}

function applyItem(event: Exclude<Event, { stage: Stage }>, open: (stage: Stage) => StageProgress): void {
  switch (event.code) {
    case "fetch.progress":
      open("collect").moving.set(event.key, { share: shareOf(event.bytes, event.total), bytes: event.bytes });
      return;
    case "convert.progress":
      open("convert").moving.set(event.key, { share: shareOf(event.bytes, event.total), bytes: 0 });
      return;
    case "mart.progress":
      open("marts").moving.set(event.key, { share: event.share, bytes: 0 });
      return;
    case "fetch.done":
    case "raw.adopted":
      end(open("collect"), event.key, { bytes: event.bytes });
      return;
    case "fetch.unchanged":
    case "source.pending":
      end(open("collect"), event.key, {});
      return;
    case "source.gap":
      end(open("collect"), event.key, {});
      open("collect").gaps++;
      return;
    case "convert.done":
      end(open("convert"), event.key, event);
      return;
    case "mart.published":
      end(open("marts"), event.key, event);
      open("marts").published.push({ name: event.key, rows: event.rows });
      return;
    case "table.progress":
      open("marts").moving.set(event.key, { share: shareOf(event.done, event.total), bytes: 0 });
      return;
    case "table.registered":
      end(open("marts"), event.key, {});
      return;
    case "mart.registered":
      // Of a mart that was just built the item has ended.
      if (!isPublished(open("marts"), event.key)) end(open("marts"), event.key, {});
      return;
    case "fetch.failed":
      end(open("collect"), event.key, { failed: 1 });
      return;
    case "convert.failed":
    case "convert.held":
      end(open("convert"), event.key, { failed: 1 });
      return;
    case "mart.failed":
    case "mart.held":
      // One that was published and could not be registered is the same item.
      if (isPublished(open("marts"), event.key)) open("marts").failed++;
      else end(open("marts"), event.key, { failed: 1 });
      return;
    case "schema.published":
      open("convert").columns = event.columns;
      return;
    default:
      return;
  }
}

const isPublished = ({ published }: StageProgress, mart: string): boolean =>
  published.some(({ name }) => name === mart);

const shareOf = (done: number, total: number | undefined): number =>
  total === undefined || total <= 0 ? 0 : Math.min(1, done / total);

interface Figures {
  readonly bytes?: number;
  readonly rows?: number;
  readonly rejected?: number;
  readonly failed?: number;
}

function end(stage: StageProgress, key: string, figures: Figures): void {
  stage.moving.delete(key);
  stage.ended++;
  stage.failed += figures.failed ?? 0;
  stage.bytes += figures.bytes ?? 0;
  stage.rows += figures.rows ?? 0;
  stage.rejected += figures.rejected ?? 0;
}

/** Items that were up to date before the stage began. */
export function itemsSkipped(stage: StageProgress): number {
  let items = 0;
  for (const each of stage.skipped.values()) items += each;
  return items;
}

/** Items done, counting those under way by their share. */
export function itemsDone(stage: StageProgress): number {
  let done = stage.ended;
  for (const { share } of stage.moving.values()) done += share;
  return done;
}

/** Bytes so far, with those of downloads under way. */
export function bytesSoFar(stage: StageProgress): number {
  let bytes = stage.bytes;
  for (const item of stage.moving.values()) bytes += item.bytes;
  return bytes;
}
