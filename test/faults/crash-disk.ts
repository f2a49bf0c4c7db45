/**
 * A disk that forgets at a crash what was not synced. SIGKILL cannot show a missing fsync: the kernel keeps everything that
 * a dead process has written. So the file system calls of this process below one directory are recorded: which name came
 * to stand for which file, which contents and which names were synced. From that, the directory can be made as a power
 * failure after any call could have left it.
 *
 * What is assumed of a disk is what POSIX promises and no more: a file's bytes are safe after a sync of the file, a name
 * after a sync of its directory. Anything else may be there or not, each name for itself; of a rename, the new name comes
 * before the old one goes.
 */
import type { PathLike } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Random } from "../../sample/random.ts";
import { patch, real, type Tracker } from "./crash-disk-calls.ts";

interface FileNode {
  readonly kind: "file";
  /** A name under which it can be read now, or could be last. */
  home: string;
  /** Bytes and time of change at the last sync. */
  synced: { readonly bytes: Buffer; readonly mtimeMs: number } | undefined;
}

interface DirectoryNode {
  readonly kind: "directory";
  /** What the names stand for now, and on the disk for certain. */
  readonly now: Map<string, Node>;
  readonly safe: Map<string, Node>;
  /** Changes of names since they were synced, in their order. */
  changes: Change[];
}

type Node = FileNode | DirectoryNode;

interface Change {
  readonly operation: number;
  readonly name: string;
  /** `undefined`: the name went away. */
  readonly node: Node | undefined;
  /** A rename's old name may go only if the new one has come. */
  readonly needs?: { readonly directory: DirectoryNode; readonly name: string };
}

export interface CrashDisk {
  /** Calls so far. */
  readonly operations: number;
  /**
   * Makes in `target`, which does not exist, what a crash right now could leave: `least` only what is certainly there,
   * `any` with a random choice of the rest. Answers a text that is equal for equal outcomes.
   */
  materialise(target: string, choice: "least" | "any", random: Random): string;
  /** Calls are no longer recorded. */
  stop(): void;
}

/** Records from now on; what lies below `root` now is taken as safe. `onOperation` is called after each call. */
export function recordDisk(root: string, onOperation: (disk: CrashDisk, what: string) => void): CrashDisk {
  const top = load(root);
  let operations = 0;
  const inside = (path: PathLike): string | undefined => {
    const at = resolve(String(path));
    return at === root || at.startsWith(root + sep) ? at : undefined;
  };

  function find(path: string): Node | undefined {
    let at: Node | undefined = top;
    for (const segment of relative(root, path)
      .split(sep)
      .filter((name) => name !== "")) {
      at = at?.kind === "directory" ? at.now.get(segment) : undefined;
    }
    return at;
  }

  function directoryOf(path: string): DirectoryNode {
    const parent = dirname(path);
    const node = parent === root ? top : (find(parent) ?? discover(parent));
    if (node?.kind !== "directory") throw new Error(`${parent} is no directory of the recording`);
    return node;
  }

  function setName(path: string, node: Node | undefined, needs?: Change["needs"]): void {
    const directory = directoryOf(path);
    const name = basename(path);
    if (node === undefined) directory.now.delete(name);
    else directory.now.set(name, node);
    directory.changes.push({ operation: operations, name, node, ...(needs === undefined ? {} : { needs }) });
    if (node?.kind === "file") node.home = path;
  }

  /** Something that was made without a call of ours: by the SQL engine, for example. */
  function discover(path: string): Node | undefined {
    const known = find(path);
    const stats = real.lstatSync(path, { throwIfNoEntry: false });
    if (known !== undefined || stats === undefined) return known;
    const node: Node = stats.isDirectory() ? emptyDirectory() : { kind: "file", home: path, synced: undefined };
    setName(path, node);
    return node;
  }

  function removeTree(path: string): void {
    const node = find(path);
    if (node === undefined) return;
    if (node.kind === "directory") for (const name of [...node.now.keys()]) removeTree(join(path, name));
    setName(path, undefined);
  }

  const tracker: Tracker = {
    inside,
    done(what) {
      operations++;
      onOperation(disk, what);
    },
    made: (path) => find(path) === undefined && discover(path) !== undefined,
    removed: removeTree,
    renamed(from, to) {
      const node = discover(from);
      if (node === undefined) return;
      setName(to, node);
      setName(from, undefined, { directory: directoryOf(to), name: basename(to) });
      if (node.kind === "file") node.home = to;
    },
    linked(from, to) {
      const node = discover(from);
      if (node !== undefined) setName(to, node);
    },
    syncing(path) {
      const node = path === root ? top : discover(path);
      if (node === undefined) return () => undefined;
      if (node.kind === "directory") {
        const began = operations;
        return () => syncNames(node, began);
      }
      const synced = { bytes: real.readFileSync(path), mtimeMs: real.statSync(path).mtimeMs };
      return () => {
        node.synced = synced;
      };
    },
  };
  const stop = patch(tracker);
  const disk: CrashDisk = {
    get operations() {
      return operations;
    },
    materialise: (target, choice, random) => materialise(top, target, choice, random),
    stop,
  };
  return disk;
}

const emptyDirectory = (): DirectoryNode => ({ kind: "directory", now: new Map(), safe: new Map(), changes: [] });

function load(path: string): DirectoryNode {
  const directory = emptyDirectory();
  for (const entry of real.readdirSync(path, { withFileTypes: true })) {
    const at = join(path, entry.name);
    const node: Node = entry.isDirectory()
      ? load(at)
      : { kind: "file", home: at, synced: { bytes: real.readFileSync(at), mtimeMs: real.statSync(at).mtimeMs } };
    directory.now.set(entry.name, node);
    directory.safe.set(entry.name, node);
  }
  return directory;
}

/** Names that changed before the sync began are safe when it has ended. */
function syncNames(directory: DirectoryNode, began: number): void {
  for (const change of directory.changes) {
    if (change.operation >= began) continue;
    if (change.node === undefined) directory.safe.delete(change.name);
    else directory.safe.set(change.name, change.node);
  }
  directory.changes = directory.changes.filter((change) => change.operation >= began);
}

/** The names of a directory as the crash left them. */
function survivors(directory: DirectoryNode, keep: ReadonlySet<Change>): ReadonlyMap<string, Node> {
  const names = new Map(directory.safe);
  for (const change of directory.changes) {
    if (!keep.has(change)) continue;
    if (change.node === undefined) names.delete(change.name);
    else names.set(change.name, change.node);
  }
  return names;
}

/** For each name some first changes of those that are not synced; a rename's second half only with its first. */
function chooseChanges(top: DirectoryNode, choice: "least" | "any", random: Random): ReadonlySet<Change> {
  const kept = new Set<Change>();
  if (choice === "least") return kept;
  const all: { readonly directory: DirectoryNode; readonly change: Change }[] = [];
  for (const directory of directoriesBelow(top)) {
    for (const changes of Map.groupBy(directory.changes, ({ name }) => name).values()) {
      const cut = random.between(0, changes.length);
      for (const [at, change] of changes.entries()) {
        all.push({ directory, change });
        if (at < cut) kept.add(change);
      }
    }
  }
  const hasCome = ({ directory, name }: NonNullable<Change["needs"]>, operation: number): boolean =>
    directory.changes.every((other) => other.name !== name || other.operation !== operation || kept.has(other));
  for (let settled = false; !settled; ) {
    settled = true;
    for (const { directory, change } of all) {
      if (!kept.has(change) || change.needs === undefined || hasCome(change.needs, change.operation)) continue;
      // What happened to the name afterwards cannot have happened either.
      for (const later of directory.changes)
        if (later.name === change.name && later.operation >= change.operation) kept.delete(later);
      settled = false;
    }
  }
  return kept;
}

/** Every directory that a name leads to, now or on the disk. */
function directoriesBelow(top: DirectoryNode): ReadonlySet<DirectoryNode> {
  const found = new Set([top]);
  for (const directory of found) {
    const nodes = [...directory.safe.values(), ...directory.changes.flatMap(({ node }) => node ?? [])];
    for (const node of nodes) if (node.kind === "directory") found.add(node);
  }
  return found;
}

function materialise(top: DirectoryNode, target: string, choice: "least" | "any", random: Random): string {
  const kept = chooseChanges(top, choice, random);
  const outcome: string[] = [];
  const write = (directory: DirectoryNode, path: string): void => {
    real.mkdirSync(path);
    for (const [name, node] of survivors(directory, kept)) {
      const at = join(path, name);
      if (node.kind === "directory") write(node, at);
      else outcome.push(`${relative(target, at)} ${writeFile(node, at, choice, random)}`);
    }
    outcome.push(`${relative(target, path)}/`);
  };
  write(top, target);
  return outcome.sort().join("\n");
}

/** A file's bytes after the crash: those that were synced, or whatever of the others had reached the disk. */
function writeFile(node: FileNode, path: string, choice: "least" | "any", random: Random): string {
  const stats = real.statSync(node.home, { throwIfNoEntry: false });
  const { synced } = node;
  if (synced !== undefined) {
    const isSame = stats?.mtimeMs === synced.mtimeMs && stats.size === synced.bytes.length;
    // The same inode as before, as after a real crash: it is a part of what names a version of an object.
    if (isSame && !path.includes(`${sep}_staging${sep}`)) real.linkSync(node.home, path);
    else {
      real.writeFileSync(path, synced.bytes);
      real.utimesSync(path, synced.mtimeMs / 1000, synced.mtimeMs / 1000);
    }
    return `synced ${synced.mtimeMs} ${synced.bytes.length}`;
  }
  const bytes = stats?.isFile() === true ? real.readFileSync(node.home) : Buffer.alloc(0);
  const half = bytes.subarray(0, bytes.length >> 1);
  const left =
    choice === "least" ? Buffer.alloc(0) : random.pick([Buffer.alloc(0), half, Buffer.alloc(bytes.length), bytes]);
  real.writeFileSync(path, left);
  return `not synced, ${left.length} of ${bytes.length}`;
}
