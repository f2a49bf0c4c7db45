/** Where one statement works: a directory of its own below the caller's scratch, and the one session that is open in it. */
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../../errors.ts";
import { openSession, type Session, type SessionSettings } from "./session.ts";

export interface Workspace {
  /** Closes the session at hand and opens one that may read these files and write below the workspace. */
  open(files: readonly string[], options?: { readonly threads?: number }): Promise<Session>;
  /** The session that was opened last. */
  session(): Session;
  /** An empty directory of that name; what it held before is removed. */
  place(name: string): Promise<string>;
  /** A path that DuckDB takes for this file and for no pattern. */
  literal(path: string): Promise<string>;
  /** Closes the session and removes everything; repeating it does nothing. */
  close(): Promise<void>;
}

/** What DuckDB would take for a pattern in the name of a file; it knows no way to quote them that the lock accepts. */
const PATTERN = /[*?[]/;

/** `writable` may be written as well. */
export async function openWorkspace(
  settings: SessionSettings,
  scratch: string,
  writable: readonly string[],
): Promise<Workspace> {
  const directories = writable.map((path) => resolve(path));
  for (const path of [resolve(scratch), ...directories]) {
    if (PATTERN.test(path)) {
      throw new Failure("usage", `${path}: the engine takes *, ? and [ in a path for a pattern`, {
        remedy: "keep the lake in a directory without them",
      });
    }
  }
  const root = await mkdtemp(join(resolve(scratch), "duckdb-"));
  let current: Session | undefined;
  /** What a link stands for. A link to a file that is yet to come is only allowed together with the file. */
  const targets = new Map<string, string>();
  const closeSession = (): void => {
    current?.close();
    current = undefined;
  };
  const close = async (): Promise<void> => {
    closeSession();
    await rm(root, { recursive: true, force: true });
  };
  return {
    open: async (files, options) => {
      closeSession();
      current = await openSession({ ...settings, ...options }, join(root, "spill"), {
        files: files.flatMap((file) => [file, targets.get(file) ?? file]),
        directories: [root, ...directories],
      });
      return current;
    },
    session: () => {
      if (current === undefined) throw new Failure("bug", "the statement has no session any more");
      return current;
    },
    place: async (name) => {
      const path = join(root, name);
      await rm(path, { recursive: true, force: true });
      await mkdir(path);
      return path;
    },
    literal: async (path) => {
      if (!PATTERN.test(path)) return resolve(path);
      const target = resolve(path);
      const link = join(root, `link-${targets.size + 1}.parquet`);
      targets.set(link, target);
      await linkOrCopy(target, link);
      return link;
    },
    close,
  };
}

async function linkOrCopy(path: string, link: string): Promise<void> {
  try {
    await symlink(path, link);
  } catch (error) {
    // Windows lets only some users make symbolic links.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
    await copyFile(path, link);
  }
}
