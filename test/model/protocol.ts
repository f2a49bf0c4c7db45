/**
 * How a mart is published and old versions are collected, as a handful of decisions; and the variants that are known to
 * fail, each of which differs from the protocol in one of them.
 */

/** A step of a writer. `part`: one put for each part. `check`: looks at the files once more, as a reader would. */
export type WriterStep = "part" | "manifest" | "check" | "pointer";

export interface Protocol {
  readonly order: readonly WriterStep[];
  /** Where a writer's files go. */
  readonly place: "a directory of its own" | "the current directory";
  readonly pointer: "compare and swap" | "overwrite";
  /** The swap's outcome is unknown. */
  readonly unknown: "look again" | "clean up";
  /** The swap says that the number is taken. */
  readonly lost: "look whose it is" | "delete the directory";
  /**
   * `list first`: then a fence for what could still be published, the chain is read again, and whatever it does not name is
   * deleted. `judge once`: the chain is not read again behind the fence. `fence first`: the listing comes behind the fence,
   * and the numbers of the directories are not looked at. `no fence`: by age alone.
   */
  readonly collect: "list first" | "judge once" | "fence first" | "no fence";
  readonly deletion: "manifest first" | "parts first";
}

export const protocol: Protocol = {
  order: ["part", "manifest", "check", "pointer"],
  place: "a directory of its own",
  pointer: "compare and swap",
  unknown: "look again",
  lost: "look whose it is",
  collect: "list first",
  deletion: "manifest first",
};

/** Each of them must break a promise. */
export const knownBad: Readonly<Record<string, Partial<Protocol>>> = {
  "blind overwrite of the pointer": { pointer: "overwrite" },
  "replacing in place": { place: "the current directory", order: ["part", "manifest"] },
  "timeout means failed, clean up": { unknown: "clean up" },
  "age-based collection without the fence": { collect: "no fence" },
  "swap lost, delete own directory": { lost: "delete the directory" },
  "manifest before parts": { order: ["manifest", "part", "check", "pointer"] },
  "pointer before manifest": { order: ["part", "pointer", "manifest"] },
  "listing behind the fence": { collect: "fence first" },
  "not reading the chain again behind the fence": { collect: "judge once" },
  "parts deleted before their manifest": { deletion: "parts first" },
};

/** How much of everything there is. */
export interface Bounds {
  readonly writers: number;
  /** Builds that are begun by all writers together, counting those after a crash. */
  readonly attempts: number;
  readonly parts: number;
  readonly collections: number;
  /** Fences in one collection. */
  readonly rounds: number;
  /** Publications that are kept. */
  readonly keep: number;
  /** Answers that are lost or late, and listings that are behind. */
  readonly faults: number;
  readonly crashes: number;
  readonly swapTries: number;
}
