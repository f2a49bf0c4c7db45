/**
 * An archive with its mirrors as one source. Mirrors are asked in order. One that fails for a reason that may pass is
 * asked again in the next round, after a wait; the next mirror is asked at once, unless this one broke off in the middle
 * of a body that it can continue: then it gets another round first, as long as it makes progress. The interval is absent only if every mirror says so.
 */
import { asFailure, Failure, isRetriable } from "../errors.ts";
import { type Interval, intervalAt, lengthMs } from "../model/calendar.ts";
import type { SourceSettings } from "../model/project.ts";
import { stopIfAborted } from "../pace/abort.ts";
import { type Backoff, waitMs } from "../pace/backoff.ts";
import type { Effects } from "../pace/effects.ts";
import type { Fetched, FetchOptions, Source } from "./contract.ts";
import type { Mirror } from "./mirror.ts";
import { forgetPart } from "./part.ts";

const firstWaitMs = 1000;
const waitMsMax = 60_000;

type ArchiveSettings = Pick<SourceSettings, "name" | "every" | "retry" | "settleMs" | "untilMs">;

interface Asked {
  readonly mirror: Mirror;
  /** What it said for good: that it has no such file, or why it cannot be asked again. */
  final: "absent" | Failure | undefined;
  /** Why the last try failed, when it may succeed later. */
  passing: Failure | undefined;
}

export function archiveSource(settings: ArchiveSettings, mirrors: readonly Mirror[], effects: Effects): Source {
  const [first] = mirrors;
  if (first === undefined) throw new Failure("usage", `sources.${settings.name}.url: no address`);
  const backoff: Backoff = { tries: Math.max(1, settings.retry), firstMs: firstWaitMs, capMs: waitMsMax };

  const fetch = async (interval: Interval, file: string, options: FetchOptions = {}): Promise<Fetched> => {
    const { signal } = options;
    // A note of an earlier attempt must not be found by a second try of this one.
    if (options.resume !== true) await forgetPart(file);
    let asked: readonly Asked[] = mirrors.map((mirror) => ({ mirror, final: undefined, passing: undefined }));
    let tries = 0;
    let gained = 0;
    for (let round = 1; ; round++) {
      for (const each of asked.filter(({ final }) => final === undefined)) {
        stopIfAborted(signal);
        tries++;
        const answer = await askOne(each, interval, file, options, tries);
        if (answer !== undefined) return answer;
        if (each.passing === undefined || round >= backoff.tries) continue;
        const bytes = await each.mirror.resumable(interval, file);
        if (bytes <= gained) continue;
        gained = bytes;
        asked = [each, ...asked.filter((other) => other !== each)];
        break;
      }
      const open = asked.filter(({ final }) => final === undefined);
      if (asked.every(({ final }) => final === "absent")) return { kind: "absent", url: first.locate(interval) };
      if (open.length === 0 || round >= backoff.tries) throw verdict(asked, tries);
      const askedMs = Math.max(...open.map(({ passing }) => passing?.detail.retryAfterMs ?? 0));
      await effects.sleep(waitMs(backoff, round, effects.random, askedMs), signal);
    }
  };

  return {
    name: settings.name,
    locate: (interval) => first.locate(interval),
    fetch,
    probe: ({ signal } = {}) => probeAll(settings.name, mirrors, probeInterval(settings, Date.now()), signal),
    async close() {
      await Promise.all(mirrors.map((mirror) => mirror.close()));
    },
  };
}

/** One try at one mirror. `undefined`: it had no bytes for us, and `each` says why. */
async function askOne(
  each: Asked,
  interval: Interval,
  file: string,
  options: FetchOptions,
  tries: number,
): Promise<Fetched | undefined> {
  each.passing = undefined;
  try {
    const answer = await each.mirror.fetchOnce({
      interval,
      file,
      resume: options.resume === true || tries > 1,
      unlessValidator: options.unlessValidator,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    if (answer.kind === "fetched") return { ...answer, tries };
    if (answer.kind === "unchanged") return answer;
    each.final = "absent";
  } catch (error) {
    const failure = asFailure(error, each.mirror.locate(interval));
    if (isRetriable(failure)) each.passing = failure;
    else if (isOurs(failure)) throw failure;
    else each.final = failure;
  }
  return undefined;
}

/** Failures on our side, which no other mirror can help. */
function isOurs({ kind }: Failure): boolean {
  return kind === "cancelled" || kind === "full" || kind === "usage" || kind === "bug";
}

/** What to report when nobody gave the bytes: what may pass before what will not, and the first mirror before others. */
function verdict(asked: readonly Asked[], tries: number): Failure {
  const passing = asked.find((each) => each.passing !== undefined)?.passing;
  if (passing !== undefined) {
    const times = tries === 1 ? "" : ` (${tries} tries)`;
    return new Failure(passing.kind, `${passing.message}${times}`, { ...passing.detail, cause: passing });
  }
  for (const { final } of asked) if (final instanceof Failure) return final;
  return new Failure("unavailable", "no mirror could be asked");
}

/** An interval that is old enough to be there, if the archive has any. */
function probeInterval({ every, settleMs, untilMs }: ArchiveSettings, nowMs: number): Interval {
  return intervalAt(every, Math.min(nowMs - settleMs, untilMs ?? nowMs) - lengthMs(every));
}

/** Asks every mirror; one that answers is enough, but all findings are told. */
async function probeAll(
  name: string,
  mirrors: readonly Mirror[],
  interval: Interval,
  signal: AbortSignal | undefined,
): Promise<string> {
  const findings: string[] = [];
  const failures: Failure[] = [];
  for (const mirror of mirrors) {
    try {
      findings.push(await mirror.probe(interval, signal));
    } catch (error) {
      const failure = asFailure(error, mirror.locate(interval));
      if (isOurs(failure)) throw failure;
      failures.push(failure);
      findings.push(failure.message);
    }
  }
  const [failure] = failures;
  if (failure !== undefined && failures.length === mirrors.length) throw withRemedy(failure, name);
  return findings.join("; ");
}

/** Whoever asks whether a source can be reached wants to know what to do if it cannot. */
function withRemedy(failure: Failure, name: string): Failure {
  if (failure.detail.remedy !== undefined) return failure;
  const remedy =
    failure.kind === "unavailable"
      ? `check sources.${name}.url, the network, and sources.${name}.proxy if there is one between; what was stored can be used meanwhile`
      : `check sources.${name}.url, and who may read there`;
  return new Failure(failure.kind, failure.message, { ...failure.detail, remedy, cause: failure });
}
