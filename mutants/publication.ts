/** What writers, collectors of garbage and crashes would find out about the publication of marts and the catalog. */
import type { Mutant } from "./mutant.ts";

const simulation = { killedBy: ["test/model/simulation.test.ts"], environment: { SEEDS: "150", SEED: "1" } } as const;
const mart = "src/step/mart.ts";
const embedded = "src/catalog/embedded.ts";

export const publicationMutants: readonly Mutant[] = [
  {
    name: "append-blindly",
    why: "of two writers that publish at once the first one's mart is lost without a word",
    edits: [
      {
        file: embedded,
        find: "const put = await storage.putIfAbsent(key, encodeRecord(record), options);",
        replace: "const put = await storage.put(key, encodeRecord(record), options);",
      },
    ],
    killedBy: ["src/catalog/embedded.test.ts"],
  },
  {
    name: "append-blindly-under-simulation",
    why: "the same, seen from the outside",
    edits: [
      {
        file: embedded,
        find: "const put = await storage.putIfAbsent(key, encodeRecord(record), options);",
        replace: "const put = await storage.put(key, encodeRecord(record), options);",
      },
    ],
    ...simulation,
  },
  {
    name: "own-record-taken-for-another-s",
    why: "a writer whose answer was lost reports a conflict although its mart is published",
    edits: [
      {
        file: embedded,
        find: "own: found.record.publishId === record.publishId ? found : undefined",
        replace: "own: undefined",
      },
    ],
    killedBy: ["src/catalog/embedded.test.ts"],
  },
  {
    name: "chain-as-a-listing-shows-it",
    why: "a listing that is behind sends readers to a version that was replaced",
    edits: [
      {
        file: embedded,
        find: "for (let probes = 1; await exists(mart, last + 1, options); probes++) {",
        replace: "for (let probes = 1; probes < 0; probes++) {",
      },
    ],
    killedBy: ["src/catalog/embedded.test.ts"],
  },
  {
    name: "manifest-before-parts",
    why: "a writer that dies leaves a version that says it is whole and is not",
    edits: [
      {
        file: mart,
        find: "  await written.place();\n",
        replace: "",
      },
      {
        file: mart,
        find: "  await storage.put(manifestKey(mart, manifest.version), bytes, call);\n",
        replace: "  await storage.put(manifestKey(mart, manifest.version), bytes, call);\n  await written.place();\n",
      },
    ],
    ...simulation,
  },
  {
    name: "pointer-before-files",
    why: "readers are sent to a version that is not there yet",
    edits: [
      {
        file: mart,
        find: "const manifestSha256 = await putVersion(places.marts, manifest, { written, log }, options.signal);",
        replace: "const manifestSha256 = encodeManifest(manifest).sha256;",
      },
      {
        file: mart,
        find: "    return { ...swapped, manifest };",
        replace:
          "    await putVersion(places.marts, manifest, { written, log }, options.signal);\n    return { ...swapped, manifest };",
      },
    ],
    ...simulation,
  },
  {
    name: "no-second-look-at-the-files",
    why: "a store that acknowledged a part and lost it makes readers fail",
    edits: [
      {
        file: mart,
        find: "for (const file of filesOf(manifest)) {",
        replace: "for (const file of filesOf(manifest).slice(0, 0)) {",
      },
    ],
    killedBy: ["test/faults/matrix-lying-store.test.ts"],
  },
  {
    name: "unknown-outcome-cleaned-up",
    why: "the version that the pointer names is deleted by its own writer",
    edits: [
      {
        file: mart,
        find: "const swapped = await swap(places.catalog, settings.name, parent, record, options.signal);",
        replace:
          "const swapped = await swap(places.catalog, settings.name, parent, record, options.signal).catch(async (error: unknown) => {\n      for (const file of manifest.files) await places.marts.remove(partKey(settings.name, version, file.name));\n      await places.marts.remove(manifestKey(settings.name, version));\n      throw error;\n    });",
      },
      {
        file: mart,
        find: "if (!isRetriable(error) || attempt >= swapTriesMax) throw error;",
        replace: "if (isRetriable(error) || attempt > 0) throw error;",
      },
      { file: embedded, find: "if (known === undefined) throw error;", replace: "if (known !== null) throw error;" },
    ],
    ...simulation,
  },
  {
    name: "lost-swap-deletes-its-directory",
    why: "a writer whose first try won without an answer deletes what it has published",
    edits: [
      {
        file: embedded,
        find: "own: found.record.publishId === record.publishId ? found : undefined",
        replace: "own: undefined",
      },
      { file: mart, find: "        if (past.record.publishId === record.publishId) return past;\n", replace: "" },
      {
        file: mart,
        find: "const swapped = await swap(places.catalog, settings.name, parent, record, options.signal);",
        replace:
          "const swapped = await swap(places.catalog, settings.name, parent, record, options.signal).catch(async (error: unknown) => {\n      for (const file of manifest.files) await places.marts.remove(partKey(settings.name, version, file.name));\n      await places.marts.remove(manifestKey(settings.name, version));\n      throw error;\n    });",
      },
    ],
    ...simulation,
  },
  {
    name: "collected-without-a-fence",
    why: "what a slow writer is about to publish is deleted under its hands",
    edits: [
      {
        file: "src/operations/gc-marts.ts",
        find: "if (last !== undefined && found.open.some(isFree)) {",
        replace: "if (last === undefined) {",
      },
      {
        file: "src/operations/gc-marts.ts",
        find: "const settled = found.settled.filter(isFree);",
        replace: "const settled = [...found.settled, ...found.open].filter(isFree);",
      },
    ],
    killedBy: ["test/faults/gc-race.test.ts"],
  },
  {
    name: "fence-that-is-not-looked-behind",
    why: "a publication that was faster than the fence is deleted",
    edits: [
      {
        file: "src/operations/gc-marts.ts",
        find: "      await fence(parts.catalog, mart, last, parts, call);\n      continue;\n",
        replace:
          "      await fence(parts.catalog, mart, last, parts, call);\n      const hurried = [...found.settled, ...found.open];\n      for (const garbage of hurried) await removeVersion(parts.marts, garbage.directory, call);\n      return;\n",
      },
    ],
    killedBy: ["test/faults/gc-race.test.ts"],
  },
  {
    name: "restored-without-looking-for-a-mark",
    why: "readers are sent back to a version that a collection is deleting",
    edits: [
      {
        file: "src/operations/catalog-rollback.ts",
        find: "if ((await parts.marts.head(removalKey(mart, version), call)) !== undefined) {",
        replace: 'if (removalKey(mart, version) === "") {',
      },
    ],
    killedBy: ["test/catalog-verbs/rollback-race.test.ts"],
  },
  {
    name: "restored-without-a-pin",
    why: "a collection does not know of the version that readers are about to be sent back to",
    edits: [
      {
        file: "src/operations/catalog-rollback.ts",
        find: "...rollback, restores };",
        replace: "...rollback };",
      },
    ],
    killedBy: ["test/catalog-verbs/rollback-race.test.ts"],
  },
  {
    name: "collected-without-a-mark",
    why: "who goes back to a version cannot see that it is being deleted",
    edits: [
      {
        file: "src/operations/gc-marts.ts",
        find: "for (const { directory } of fresh) announced.add(await announceRemoval(parts.marts, directory, call));",
        replace: "for (const { directory } of fresh) announced.add(removalKey(mart, directory.name));",
      },
    ],
    killedBy: ["test/catalog-verbs/rollback-race.test.ts"],
  },
  {
    name: "current-version-is-garbage-too",
    why: "gc deletes what readers are reading",
    edits: [
      {
        file: "src/reconcile/garbage.ts",
        find: "    if (kept.has(directory.name)) continue;\n",
        replace: "",
      },
    ],
    killedBy: ["src/reconcile/garbage.test.ts"],
  },
  {
    name: "parts-removed-before-their-manifest",
    why: "a collection that is cut short leaves a version that says it is whole",
    edits: [
      {
        file: "src/step/collect-garbage.ts",
        find: "  for (const { key } of ordered) await storage.remove(key, call);",
        replace: "  for (const { key } of ordered.reverse()) await storage.remove(key, call);",
      },
    ],
    killedBy: ["test/faults/gc-matrix.test.ts"],
  },
  {
    name: "raw-that-is-still-needed-expires",
    why: "an hour that was never converted is deleted from the record",
    edits: [
      {
        file: "src/reconcile/garbage.ts",
        find: "if (waiting.length === 0) expired.push(raw);",
        replace: "if (waiting.length >= 0) expired.push(raw);",
      },
    ],
    killedBy: ["src/reconcile/garbage.test.ts"],
  },
  {
    name: "any-committer",
    why: "what Spark's classic committer wrote to S3 is published, with rows that are lost or there twice",
    edits: [
      {
        file: "src/step/committed-parts.ts",
        find: 'if (committer !== "magic") {',
        replace: 'if (committer === "") {',
      },
    ],
    killedBy: ["test/faults/in-place.test.ts"],
  },
  {
    name: "parts-as-a-listing-shows-them",
    why: "a file that a task left behind, or one that is gone, becomes or is missing in a mart",
    edits: [
      {
        file: "src/step/committed-parts.ts",
        find: "if (named === undefined) return;",
        replace: "if (named === undefined || found.length > 0) return;",
      },
    ],
    killedBy: ["test/faults/in-place.test.ts"],
  },
  {
    name: "tokens-asked-once",
    why: "a partition that is replaced while Spark reads it is not noticed",
    edits: [
      {
        file: "src/step/stored-input.ts",
        find: "asked.set(key, at + 1);",
        replace: "asked.set(key, at);",
      },
    ],
    killedBy: ["src/step/stored-input.test.ts"],
  },
];
