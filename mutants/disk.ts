/** What a power failure, a race or a reader would find out about the storage on a local disk. */
import type { Mutant } from "./mutant.ts";

const crash = { killedBy: ["test/faults/crash-disk.test.ts"], environment: { RUNS: "0" } } as const;
const contract = { killedBy: ["src/storage/local.test.ts"] } as const;

const publish = "src/storage/local-publish.ts";
const durable = "src/storage/durable.ts";
const sidecar = "src/storage/local-sidecar.ts";
const local = "src/storage/local.ts";

export const diskMutants: readonly Mutant[] = [
  {
    name: "no-sync-of-the-body",
    why: "an acknowledged object is empty after a power failure",
    edits: [
      {
        file: publish,
        find: "    await handle.sync();\n    return await handle.stat();",
        replace: "    return await handle.stat();",
      },
    ],
    ...crash,
  },
  {
    name: "no-sync-of-the-directory",
    why: "an acknowledged object is gone after a power failure",
    edits: [
      { file: publish, find: "  await syncDirectory(directory);\n  if (!visible) {", replace: "  if (!visible) {" },
    ],
    ...crash,
  },
  {
    name: "rename-before-sync",
    why: "the name may reach the disk before the bytes, so that an old partition is replaced by an empty one",
    edits: [
      {
        file: publish,
        find: "    await handle.sync();\n    return await handle.stat();",
        replace: "    return await handle.stat();",
      },
      {
        file: publish,
        find: "      await renamePatiently(staged, target);\n      return",
        replace:
          '      await renamePatiently(staged, target);\n      const named = await open(target, "r");\n      await named.sync();\n      await named.close();\n      return',
      },
    ],
    ...crash,
  },
  {
    name: "no-sync-above-a-new-directory",
    why: "a whole new day of objects is gone after a power failure",
    edits: [
      {
        file: durable,
        find: "    if (durable) await syncDirectory(dirname(at));",
        replace: "    if (durable) dirname(at);",
      },
    ],
    ...crash,
  },
  {
    name: "no-sync-above-the-root",
    why: "the whole place is gone after a power failure in the first run",
    edits: [
      {
        file: durable,
        find: "at = dirname(at)) await syncDirectory(dirname(at));",
        replace: "at = dirname(at)) dirname(at);",
      },
    ],
    ...crash,
  },
  {
    name: "no-sync-of-the-receipt",
    why: "an acknowledged object has lost its receipt after a power failure and is adopted as a stranger's",
    edits: [
      {
        file: durable,
        find: "    await handle.writeFile(bytes);\n    await handle.sync();",
        replace: "    await handle.writeFile(bytes);",
      },
    ],
    ...crash,
  },
  {
    name: "no-sync-of-the-receipt-s-name",
    why: "the same",
    edits: [
      {
        file: sidecar,
        find: "      await renamePatiently(pending, path);\n      await syncDirectory(directory);",
        replace: "      await renamePatiently(pending, path);",
      },
    ],
    ...crash,
  },
  {
    name: "receipt-after-object",
    why: "a crash between the two leaves an object that looks like a stranger's",
    edits: [
      {
        file: publish,
        find: "  const pending = await announce(disk, info, metadata);\n  let directory",
        replace: "  let directory",
      },
      {
        file: publish,
        find: "  } catch (error) {\n    await pending?.discard();\n    throw error;\n  }\n  // Whoever lost",
        replace:
          "  } catch (error) {\n    throw error;\n  }\n  const pending = await announce(disk, info, metadata);\n  // Whoever lost",
      },
    ],
    ...crash,
  },
  {
    name: "no-sync-of-a-removal",
    why: "a collected version comes back without its parts",
    edits: [{ file: local, find: "    await syncAfterRemoval(dirname(found.path));\n", replace: "" }],
    ...crash,
  },
  {
    name: "put-if-absent-overwrites",
    why: "the second of two writers replaces what the first was told is his",
    edits: [
      {
        file: publish,
        find: "await linkPatiently(staged, target);",
        replace: "await renamePatiently(staged, target);",
      },
    ],
    ...contract,
  },
  {
    name: "token-not-compared-on-disk",
    why: "a reader mixes the bytes of two versions",
    edits: [
      {
        file: local,
        find: "if (token !== undefined && tokenOf(stats) !== token) {",
        replace: "if (tokenOf(stats) === token && false) {",
      },
    ],
    ...contract,
  },
  {
    name: "range-one-byte-too-long",
    why: "a footer is read with a byte that is not its own",
    edits: [
      {
        file: "src/storage/span.ts",
        find: "end: Math.min(size, range.end ?? size)",
        replace: "end: Math.min(size, (range.end ?? size) + 1)",
      },
    ],
    killedBy: ["src/storage/memory.test.ts"],
  },
  {
    name: "scratch-taken-from-the-living",
    why: "two processes write into one scratch directory",
    edits: [
      {
        file: "src/storage/local-scratch.ts",
        find: 'if (owner !== undefined && stateOf(owner) === "gone") {',
        replace: "if (owner !== undefined) {",
      },
    ],
    ...contract,
  },
];
