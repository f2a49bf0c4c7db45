/** The one table of places: what the project names, opened and wrapped. */
import type { Place, SecretReference } from "../model/project.ts";
import type { Backoff } from "../pace/backoff.ts";
import { type Effects, realEffects } from "../pace/effects.ts";
import type { Storage } from "./contract.ts";
import { withLimit } from "./limit.ts";
import { localStorage } from "./local.ts";
import { type Patience, withRetry } from "./retry.ts";

/** A disk that reports an error of input or output gets two more chances, then somebody has to know. */
const diskBackoff: Backoff = { tries: 3, firstMs: 100, capMs: 2000 };
const diskCallsMax = 64;

/**
 * A store that is not there gets a quarter of a minute to come back. One that asks to slow down is there: with three of
 * four requests turned away, one call in a hundred thousand needs more than forty tries.
 */
const storePatience: Patience = { tries: 20, busyTries: 40, firstMs: 100, capMs: 1000 };

export interface OpenOptions {
  readonly effects?: Effects;
  /** The value of a secret, when it is needed. */
  readonly resolveSecret: (reference: SecretReference) => string;
  /** A local directory for the bodies of places that are not on a disk; made when first needed. */
  readonly scratchRoot: string;
  /**
   * Of a place in a bucket: whether the store decides between racing writers (the default) or, because it cannot and
   * nobody else writes (`lake.writers: one`), a look before each `putIfAbsent` does.
   */
  readonly conditions?: "store" | "look";
  /** Of a place in a bucket: whether objects of others are adopted there (the default), which costs a request an object. */
  readonly adopts?: boolean;
}

export async function openStorage(place: Place, options: OpenOptions): Promise<Storage> {
  const { effects = realEffects, resolveSecret, scratchRoot, conditions = "store", adopts = true } = options;
  switch (place.kind) {
    case "directory":
      return withRetry(withLimit(localStorage(place), diskCallsMax), diskBackoff, effects);
    case "s3": {
      // The SDK is large: whoever has no place in a bucket does not load it.
      const { s3Storage } = await import("./s3/storage.ts");
      const storage = await s3Storage(place, { resolveSecret, scratchRoot, conditions, adopts });
      return withRetry(withLimit(storage, place.store.parallel), storePatience, effects);
    }
  }
}
