/** Uploads: small artifacts share messages, large ones are cut, each piece with its checksum. */
import { open, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { asFailure, type Failure } from "../errors.ts";
import type { Calls, Identity } from "./calls.ts";
import type { Artifact, CallOptions } from "./contract.ts";
import { SparkError } from "./errors.ts";
import type { AddArtifactsRequestSchema } from "./gen/spark_connect_pb.ts";

/** As the official clients cut them. */
export const chunkBytes = 32 * 1024;

type Request = MessageInitShape<typeof AddArtifactsRequestSchema>;

export async function addArtifacts(calls: Calls, artifacts: readonly Artifact[], options: CallOptions): Promise<void> {
  if (artifacts.length === 0) return;
  for (const { name } of artifacts) checkName(name);
  const reply = await calls.call(async (sending) => {
    let unreadable: Failure | undefined;
    async function* requests(): AsyncGenerator<Request> {
      try {
        yield* requestsOf(artifacts, calls.identity());
      } catch (error) {
        unreadable = asFailure(error, "artifact");
        throw error;
      }
    }
    try {
      return await calls.client.addArtifacts(requests(), sending);
    } catch (error) {
      // A file that cannot be read must not look like a connection that was lost.
      throw unreadable ?? error;
    }
  }, options);
  const damaged = reply.artifacts.find(({ isCrcSuccessful }) => !isCrcSuccessful);
  if (damaged !== undefined) {
    throw new SparkError("corrupt", `artifact ${damaged.name}: it was damaged on the way`, {
      remedy: "upload it again",
    });
  }
}

export async function artifactStatus(
  calls: Calls,
  names: readonly string[],
  options: CallOptions,
): Promise<ReadonlyMap<string, boolean>> {
  const reply = await calls.call(
    (sending) => calls.client.artifactStatus({ ...calls.identity(), names: [...names] }, sending),
    options,
  );
  return new Map(names.map((name) => [name, reply.statuses[name]?.exists ?? false]));
}

function checkName(name: string): void {
  const parts = name.split("/");
  if (parts.length > 1 && parts.every((part) => part !== "" && part !== "." && part !== "..")) return;
  throw new SparkError("usage", `artifact: ${JSON.stringify(name)} is no name of one`, {
    remedy: "write jars/NAME.jar, files/NAME, archives/NAME, pyfiles/NAME.py or classes/PATH",
  });
}

/** Begins anew each time, since a call may be repeated. */
export async function* requestsOf(artifacts: readonly Artifact[], identity: Identity): AsyncGenerator<Request> {
  let small: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  let smallBytes = 0;
  const flush = (): Request => {
    const batch = small.map(({ name, bytes }) => ({ name, data: chunkOf(bytes) }));
    small = [];
    smallBytes = 0;
    return { ...identity, payload: { case: "batch", value: { artifacts: batch } } };
  };
  for (const artifact of artifacts) {
    const totalBytes = await bytesOf(artifact);
    if (totalBytes > chunkBytes) {
      if (small.length > 0) yield flush();
      yield* chunked(artifact, totalBytes, identity);
      continue;
    }
    if (small.length > 0 && smallBytes + totalBytes > chunkBytes) yield flush();
    for await (const bytes of piecesOf(artifact)) {
      small.push({ name: artifact.name, bytes });
      smallBytes += bytes.length;
    }
  }
  if (small.length > 0) yield flush();
}

async function* chunked(artifact: Artifact, totalBytes: number, identity: Identity): AsyncGenerator<Request> {
  let isFirst = true;
  let sentBytes = 0;
  for await (const bytes of piecesOf(artifact)) {
    sentBytes += bytes.length;
    if (isFirst) {
      const value = {
        name: artifact.name,
        totalBytes: BigInt(totalBytes),
        numChunks: BigInt(Math.ceil(totalBytes / chunkBytes)),
        initialChunk: chunkOf(bytes),
      };
      yield { ...identity, payload: { case: "beginChunk", value } };
    } else yield { ...identity, payload: { case: "chunk", value: chunkOf(bytes) } };
    isFirst = false;
  }
  if (sentBytes !== totalBytes) {
    throw new SparkError("conflict", `artifact ${artifact.name}: the file changed while it was sent`);
  }
}

function chunkOf(data: Uint8Array): { readonly data: Uint8Array; readonly crc: bigint } {
  return { data, crc: BigInt(crc32(data)) };
}

async function bytesOf({ data }: Artifact): Promise<number> {
  return data instanceof Uint8Array ? data.length : (await stat(data.file)).size;
}

/** At least one, so that an empty artifact is sent too. */
async function* piecesOf({ data }: Artifact): AsyncGenerator<Uint8Array> {
  if (data instanceof Uint8Array) {
    for (let at = 0; at === 0 || at < data.length; at += chunkBytes) yield data.subarray(at, at + chunkBytes);
    return;
  }
  const file = await open(data.file);
  try {
    for (let count = 0; ; count++) {
      const piece = new Uint8Array(chunkBytes);
      let filled = 0;
      while (filled < chunkBytes) {
        const { bytesRead } = await file.read(piece, filled, chunkBytes - filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled > 0 || count === 0) yield piece.subarray(0, filled);
      if (filled < chunkBytes) return;
    }
  } finally {
    await file.close();
  }
}
