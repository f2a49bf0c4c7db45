/** A storage in memory: the contract in its simplest form, for tests and for trying things out. */
import { randomUUID } from "node:crypto";
import { readFile, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import { stopIfAborted } from "../pace/abort.ts";
import type {
  Body,
  ListOptions,
  Metadata,
  ObjectDetail,
  ObjectInfo,
  PutOptions,
  ReadOptions,
  Scratch,
  Storage,
} from "./contract.ts";
import { directoryTree, systemCode } from "./durable.ts";
import { checkKey, checkName, checkPrefix, compareKeys, metadataText, prefixClash, reservedNames } from "./keys.ts";
import { openScratch, stagingName, sweepScratch } from "./local-scratch.ts";
import { contractTests, findings } from "./probe.ts";
import { spanOf } from "./span.ts";

export interface MemoryOptions {
  readonly name?: string;
  /** Where scratch directories are made. */
  readonly scratchRoot?: string;
}

interface Stored extends ObjectDetail {
  readonly bytes: Uint8Array;
}

const pageLength = 1000;
const chunkBytes = 1024 * 1024;

export function memoryStorage(options: MemoryOptions = {}): Storage {
  const { name = "memory", scratchRoot = join(tmpdir(), `millrace-memory-${randomUUID()}`) } = options;
  const objects = new Map<string, Stored>();
  const tree = directoryTree(scratchRoot, name);
  let versions = 0;

  function checkClash(key: string): void {
    for (let at = key.lastIndexOf("/"); at > 0; at = key.lastIndexOf("/", at - 1)) {
      const above = key.slice(0, at);
      if (objects.has(above)) throw prefixClash(name, key, above);
    }
    for (const other of objects.keys()) {
      if (other.startsWith(`${key}/`)) throw prefixClash(name, key, other);
    }
  }

  async function publish(key: string, body: Body, options: PutOptions = {}, replace: boolean) {
    checkKey(name, key);
    const { metadata, signal } = options;
    if (metadata !== undefined) metadataText(name, key, metadata);
    stopIfAborted(signal);
    if (!replace && objects.has(key)) return undefined;
    const bytes = Uint8Array.from(await bytesOf(body, `${name}: ${key}`));
    stopIfAborted(signal);
    if (!replace && objects.has(key)) return undefined;
    checkClash(key);
    const info: ObjectInfo = { key, size: bytes.length, token: `memory-${++versions}`, modifiedMs: Date.now() };
    objects.set(key, { ...info, bytes, metadata: metadata === undefined ? undefined : { ...metadata } });
    return info;
  }

  async function annotate(key: string, token: string, metadata: Metadata): Promise<void> {
    const found = objects.get(key);
    if (found === undefined) throw new Failure("missing", `${name}: ${key} does not exist`);
    if (found.token !== token) throw new Failure("conflict", `${name}: ${key} was replaced meanwhile`);
    if (found.metadata !== undefined && JSON.stringify(found.metadata) !== JSON.stringify(metadata)) {
      throw new Failure("conflict", `${name}: ${key} has other metadata already`);
    }
    objects.set(key, { ...found, metadata: { ...metadata } });
  }

  async function* list(
    prefix: string,
    { signal, leaf, stem = "", after }: ListOptions = {},
  ): AsyncGenerator<readonly ObjectInfo[]> {
    checkPrefix(name, prefix);
    if (reservedNames.has(prefix.split("/", 1)[0] ?? "")) return;
    const keys = [...objects.keys()]
      .filter((key) => key.startsWith(prefix) && key[prefix.length] !== "_")
      .filter((key) => key.startsWith(stem, prefix.length) && (after === undefined || compareKeys(key, after) > 0))
      .filter((key) => leaf === undefined || isLeaf(key.slice(prefix.length), leaf))
      .sort(compareKeys);
    for (let at = 0; at < keys.length; at += pageLength) {
      stopIfAborted(signal);
      const page = keys.slice(at, at + pageLength).flatMap((key) => {
        const found = objects.get(key);
        return found === undefined ? [] : [infoOf(found)];
      });
      yield page;
    }
  }

  async function* read(key: string, { range, token, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    checkKey(name, key);
    stopIfAborted(signal);
    const found = objects.get(key);
    if (found === undefined) throw new Failure("missing", `${name}: ${key} does not exist`);
    if (token !== undefined && found.token !== token) {
      throw new Failure("conflict", `${name}: ${key} was replaced meanwhile`);
    }
    const { start, end } = spanOf(found.size, range);
    for (let at = start; at < end; at += chunkBytes) {
      stopIfAborted(signal);
      yield found.bytes.slice(at, Math.min(end, at + chunkBytes));
    }
  }

  async function scratch(attempt: string): Promise<Scratch> {
    const made = await openScratch(tree, name, attempt);
    return {
      ...made,
      async dispose() {
        await made.dispose();
        await tree.prune([stagingName]);
        await removeIfEmpty(scratchRoot);
      },
    };
  }

  return {
    name,
    async put(key, body, options) {
      const info = await publish(key, body, options, true);
      if (info === undefined) throw new Failure("bug", `${name}: put of ${key} gave no answer`);
      return info;
    },
    putIfAbsent: (key, body, options) => publish(key, body, options, false),
    async head(key, options) {
      checkKey(name, key);
      stopIfAborted(options?.signal);
      const found = objects.get(key);
      return found === undefined ? undefined : { ...infoOf(found), metadata: found.metadata };
    },
    async annotate(key, token, metadata, options) {
      checkKey(name, key);
      metadataText(name, key, metadata);
      stopIfAborted(options?.signal);
      await annotate(key, token, metadata);
    },
    list,
    read,
    async remove(key, options) {
      checkKey(name, key);
      stopIfAborted(options?.signal);
      objects.delete(key);
    },
    locate(key) {
      checkKey(name, key);
      return undefined;
    },
    location(key) {
      checkName(name, key);
      return undefined;
    },
    scratch,
    async sweep(ageMs) {
      const root = await tree.root();
      return root === undefined ? 0 : sweepScratch(root, ageMs, Date.now());
    },
    probe(options) {
      return findings(contractTests(this, options), options.signal);
    },
  };
}

function isLeaf(rest: string, leaf: string): boolean {
  const [, name, ...deeper] = rest.split("/");
  return name === leaf && deeper.length === 0;
}

function infoOf({ key, size, token, modifiedMs }: Stored): ObjectInfo {
  return { key, size, token, modifiedMs };
}

async function bytesOf(body: Body, subject: string): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  try {
    return await readFile(body.file);
  } catch (error) {
    throw asFailure(error, subject);
  }
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    // Another storage uses it still, or removed it first.
    if (systemCode(error) === undefined) throw error;
  }
}
