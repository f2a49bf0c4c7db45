/** What `doctor` measures a Spark server by. */
import type { SparkVersions } from "../model/versions.ts";

/** A row of the version matrix: what belongs to a version of Spark. */
export type MatchedRelease = Pick<SparkVersions, "spark" | "hadoop" | "java" | "sdk" | "accelerator" | "verified">;

export interface SparkExpectations {
  /** The version matrix. */
  readonly releases: readonly MatchedRelease[];
  /** The version of Spark whose protocol our client speaks. */
  readonly protocol: string;
  /** The first version that our engine can use. */
  readonly oldest: string;
  /** Whether any place of the lake is in a bucket. */
  readonly needsS3: boolean;
}
