/** The one table of places: what the project names, opened and wrapped. */
import { Failure } from "../errors.ts";
import type { Place, SecretReference } from "../model/project.ts";
import type { Backoff } from "../pace/backoff.ts";
import { type Effects, realEffects } from "../pace/effects.ts";
import type { Storage } from "./contract.ts";
import { withLimit } from "./limit.ts";
import { localStorage } from "./local.ts";
import { withRetry } from "./retry.ts";

/** A disk that reports an error of input or output gets two more chances, then somebody has to know. */
const diskBackoff: Backoff = { tries: 3, firstMs: 100, capMs: 2000 };
const diskCallsMax = 64;

export interface OpenOptions {
  readonly effects?: Effects;
  /** The value of a secret, when it is needed. */
  readonly resolveSecret: (reference: SecretReference) => string;
  /** A local directory for the bodies of places that are not on a disk; made when first needed. */
  readonly scratchRoot: string;
}

export async function openStorage(place: Place, { effects = realEffects }: OpenOptions): Promise<Storage> {
  switch (place.kind) {
    case "directory":
      return withRetry(withLimit(localStorage(place), diskCallsMax), diskBackoff, effects);
    case "s3":
      throw new Failure("usage", `${place.name}: s3:// is not offered by this version`);
  }
}
