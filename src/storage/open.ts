/** The one table of places: what the project names, opened and wrapped. */
import type { Place } from "../model/project.ts";
import type { Backoff } from "../pace/backoff.ts";
import { type Effects, realEffects } from "../pace/effects.ts";
import type { Storage } from "./contract.ts";
import { withLimit } from "./limit.ts";
import { localStorage } from "./local.ts";
import { withRetry } from "./retry.ts";

/** A disk that reports an error of input or output gets two more chances, then somebody has to know. */
const diskBackoff: Backoff = { tries: 3, firstMs: 100, capMs: 2000 };
const diskCallsMax = 64;

export function openStorage(place: Place, effects: Effects = realEffects): Storage {
  switch (place.kind) {
    case "directory":
      return withRetry(withLimit(localStorage(place), diskCallsMax), diskBackoff, effects);
  }
}
