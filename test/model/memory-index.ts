/** An index that is kept in memory: what the one in files remembers, without a hundred small files for each history. */
import type { Attempts } from "../../src/reconcile/attempts.ts";
import { documentMemory, type RememberedDocument } from "../../src/reconcile/documents.ts";
import type { IndexFile, Remembered } from "../../src/reconcile/index-file.ts";
import type { Lookup } from "../../src/reconcile/lookup.ts";
import type { PartitionSeen, RawFacts, RawSeen } from "../../src/reconcile/seen.ts";
import type { PartitionFacts } from "../../src/step/partition.ts";

interface Listed<Facts> {
  readonly size: number;
  readonly token: string;
  readonly facts: Facts | undefined;
}

export function memoryIndex(): IndexFile {
  const raw = new Map<string, ReadonlyMap<number, RawSeen>>();
  const partitions = new Map<string, ReadonlyMap<number, PartitionSeen>>();
  let attempts: Attempts = new Map();
  let documents: readonly RememberedDocument[] = [];
  return {
    raw: async (source) => remember<RawFacts>(raw.get(source)),
    saveRaw: async (source, seen) => void raw.set(source, new Map(seen)),
    partitions: async (table) => remember<PartitionFacts>(partitions.get(table)),
    savePartitions: async (table, seen) => void partitions.set(table, new Map(seen)),
    attempts: async () => new Map(attempts),
    async saveAttempts(now) {
      attempts = new Map(now);
    },
    documents: async () => documentMemory(documents),
    async saveDocuments(now) {
      documents = now.used();
    },
    async forget() {
      raw.clear();
      partitions.clear();
      documents = [];
      return [];
    },
  };
}

function remember<Facts>(records: Pick<Lookup<Listed<Facts>>, "get"> | undefined): Remembered<Facts> {
  return {
    find(startMs, size, token) {
      const known = records?.get(startMs);
      return known?.size === size && known.token === token ? known.facts : undefined;
    },
  };
}
