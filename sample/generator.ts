/**
 * Deterministic hours of an archive that does not exist: same seed, hour and events per hour, same JSON bytes.
 *
 * The shape follows GH Archive: its kinds of events in their shares, its columns, its eras, its repetition. Everybody in
 * it is invented. An hour is streamed, so its size is not bounded by memory.
 */
import { setImmediate as turn } from "node:timers/promises";
import { Failure } from "../src/errors.ts";
import { eraAt } from "./era.ts";
import { busyness, hourMs, pacificOffsets } from "./hours.ts";
import { legacyLines } from "./legacy-hour.ts";
import { modernLines } from "./modern-hour.ts";
import { mix, Random } from "./random.ts";
import { World } from "./world.ts";

export interface GeneratorOptions {
  /** Any safe integer; another seed is another world. Default 7. */
  readonly seed?: number;
  /** Events of a mean hour. Default 2,000; a real hour of 2023 has 185,000. */
  readonly eventsPerHour?: number;
  /** Working week and working day show in the number of events. Default false: every hour has `eventsPerHour`. */
  readonly vary?: boolean;
  /** Every n-th hour has no `org` at all, as real small hours do. Default 0: never on purpose. */
  readonly noOrgHours?: number;
}

export interface HourGenerator {
  readonly seed: number;
  /** Newline-delimited JSON of the hour, in chunks of about 256 KiB. `startMs` is the file name's hour read as UTC. */
  hour(startMs: number): AsyncIterable<Buffer>;
  /** How many events (lines) the hour has; 0 for the names that daylight saving skipped before 2015. */
  eventsIn(startMs: number): number;
}

const chunkBytes = 256 * 1024;
/** How many chunks are made before other work in the process gets a turn. */
const chunksPerTurn = 4;

export function openGenerator(options: GeneratorOptions = {}): HourGenerator {
  const { seed = 7, eventsPerHour = 2_000, vary = false, noOrgHours = 0 } = options;
  if (!Number.isSafeInteger(seed)) throw new Failure("usage", `seed: expected an integer, got ${seed}`);
  if (!Number.isSafeInteger(eventsPerHour) || eventsPerHour < 1) {
    throw new Failure("usage", `events per hour: expected an integer of at least 1, got ${eventsPerHour}`);
  }
  const world = new World(seed);

  function eventsIn(startMs: number): number {
    if (!eraAt(startMs).has("objects") && pacificOffsets(startMs).length === 0) return 0;
    return vary ? Math.max(1, Math.round(eventsPerHour * busyness(seed, startMs))) : eventsPerHour;
  }

  async function* hour(startMs: number): AsyncGenerator<Buffer> {
    if (startMs % hourMs !== 0) throw new Failure("usage", `hour: expected the start of an hour, got ${startMs}`);
    const era = eraAt(startMs);
    const plan = {
      world,
      era,
      startMs,
      events: eventsIn(startMs),
      random: new Random(mix(seed, 61, startMs, eventsPerHour)),
      withoutOrgs: noOrgHours > 0 && (startMs / hourMs) % noOrgHours === 0,
    };
    let made = 0;
    for (const chunk of chunks(era.has("objects") ? modernLines(plan) : legacyLines(plan))) {
      yield chunk;
      made += 1;
      if (made % chunksPerTurn === 0) await turn();
    }
  }

  return { seed, hour, eventsIn };
}

function* chunks(lines: Iterable<string>): Generator<Buffer> {
  let buffer = Buffer.allocUnsafe(chunkBytes);
  let filled = 0;
  for (const line of lines) {
    // UTF-8 needs at most three bytes for each UTF-16 unit.
    const most = line.length * 3;
    if (filled > 0 && filled + most > buffer.length) {
      yield buffer.subarray(0, filled);
      buffer = Buffer.allocUnsafe(Math.max(chunkBytes, most));
      filled = 0;
    }
    if (most > buffer.length) buffer = Buffer.allocUnsafe(most);
    filled += buffer.write(line, filled, "utf8");
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
