/**
 * What the publication of a mart is about, as small as it can be: a store of version directories, a chain of records, the
 * requests that are still on their way, and what each process remembers. All values are immutable.
 */

/** A version directory. The number of the version stands for the bytes that its author writes; 0 is nothing. */
export interface Directory {
  /** The number of the record that its author wants to publish it with; part of the directory's name. */
  readonly number: number;
  readonly parts: readonly number[];
  readonly manifest: number;
  /** A collector has decided to delete it. What becomes of it then interests nobody, except that it goes away. */
  readonly condemned: boolean;
  /** What its author told the user. Not stored anywhere: here to be compared with what is true. */
  readonly told: "nothing" | "published" | "not published";
}

/** A record's number is its place in the chain, from 1. */
export interface ChainRecord {
  readonly kind: "publish" | "fence";
  readonly version: number;
  /** The publish id: for a version its number, for a fence the collector's run as a negative number. */
  readonly by: number;
  readonly parent: number;
}

/** An effect on the store. One that is on its way happens later, or never. */
export type Request =
  | { readonly kind: "part"; readonly version: number; readonly part: number; readonly bytes: number }
  | { readonly kind: "manifest"; readonly version: number; readonly bytes: number }
  | { readonly kind: "record"; readonly record: ChainRecord; readonly overwrite: boolean };

export interface Writer {
  /** Index into the protocol's order of puts, or a state between them. */
  readonly at: number | "begin" | "look" | "rest";
  readonly version: number;
  readonly parent: number;
  /** Tries of the swap in this attempt. */
  readonly tries: number;
}

export interface Collector {
  readonly at: "begin" | "list" | "judge" | "fence" | "check fence" | "delete" | "rest";
  readonly runs: number;
  /** Fences put in this run. */
  readonly rounds: number;
  /** The record that was current when the chain was last read. */
  readonly parent: number;
  readonly listed: readonly number[];
  /** Versions that the run means to delete. */
  readonly doomed: readonly number[];
}

export interface Reader {
  /** `mixed`: it has read a part that its manifest does not name. */
  readonly at: "begin" | "manifest" | "parts" | "mixed" | "answered";
  /** The version that it reads, the bytes of its manifest, and how many parts it has. 0 before and after. */
  readonly version: number;
  readonly manifest: number;
  readonly parts: number;
}

export interface State {
  readonly chain: readonly ChainRecord[];
  /** By version number, in the order in which they were begun. */
  readonly directories: readonly Directory[];
  readonly underWay: readonly Request[];
  readonly writers: readonly Writer[];
  readonly collector: Collector;
  readonly reader: Reader;
  /** Faults that may still happen. */
  readonly faultsLeft: number;
  readonly crashesLeft: number;
}

export const emptyDirectory = (parts: number, number = 0): Directory => ({
  number,
  parts: Array.from({ length: parts }, () => 0),
  manifest: 0,
  condemned: false,
  told: "nothing",
});

export const isThere = ({ parts, manifest }: Directory): boolean => manifest !== 0 || parts.some((part) => part !== 0);

/** All parts are there, and they are those that the manifest names. */
export const isWhole = ({ parts, manifest }: Directory): boolean =>
  manifest !== 0 && parts.every((part) => part === manifest);

export function changeDirectory(state: State, version: number, change: Partial<Directory>): State {
  return {
    ...state,
    directories: state.directories.map((directory, at) => (at === version ? { ...directory, ...change } : directory)),
  };
}

export function changeWriter(state: State, writer: number, change: Partial<Writer>): State {
  return { ...state, writers: state.writers.map((other, at) => (at === writer ? { ...other, ...change } : other)) };
}

/** A record can be created only as the next one of the chain: put-if-absent, of which exactly one racer wins. */
export function canCreate(state: State, record: ChainRecord): boolean {
  return record.parent === state.chain.length;
}

/** The request takes effect. A record that may not overwrite and comes too late changes nothing. */
export function arrive(state: State, request: Request): State {
  switch (request.kind) {
    case "part": {
      const parts = (state.directories[request.version]?.parts ?? []).map((bytes, at) =>
        at === request.part ? request.bytes : bytes,
      );
      return changeDirectory(state, request.version, { parts });
    }
    case "manifest":
      return changeDirectory(state, request.version, { manifest: request.bytes });
    case "record": {
      const { record, overwrite } = request;
      if (canCreate(state, record)) return forgetVain({ ...state, chain: [...state.chain, record] });
      if (!overwrite) return state;
      return { ...state, chain: state.chain.map((old, at) => (at === record.parent ? record : old)) };
    }
  }
}

/** Records under way whose number is taken by now will change nothing, whenever they arrive. */
function forgetVain(state: State): State {
  if (state.underWay.length === 0) return state;
  const isVain = (request: Request): boolean =>
    request.kind === "record" && !request.overwrite && request.record.parent < state.chain.length;
  return { ...state, underWay: state.underWay.filter((request) => !isVain(request)) };
}

/** The versions that nobody may touch: those of the last `count` publications. */
export function reachable(chain: readonly ChainRecord[], count: number): readonly number[] {
  const versions: number[] = [];
  for (let at = chain.length - 1; at >= 0 && versions.length < count; at--) {
    const record = chain[at];
    if (record?.kind === "publish" && !versions.includes(record.version)) versions.push(record.version);
  }
  return versions;
}
