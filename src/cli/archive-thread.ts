/** Starts and stops the sample archive in a thread of its own. */
import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { FailureKind } from "../errors.ts";
import { Failure } from "../errors.ts";

export type ArchiveMessage =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "failed"; readonly failure: FailureKind; readonly message: string };

export interface ArchiveThread {
  readonly url: string;
  close(): Promise<void>;
}

export async function startArchiveThread(): Promise<ArchiveThread> {
  // The worker lies beside this file, with the ending that this file has: `.ts` in a checkout, `.js` in a package.
  const worker = new Worker(new URL(`./archive-worker${extname(import.meta.url)}`, import.meta.url));
  const message = await new Promise<ArchiveMessage>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if (message.kind === "failed") {
    await worker.terminate();
    throw new Failure(message.failure, message.message);
  }
  return {
    url: message.url,
    async close() {
      const ended = once(worker, "exit");
      worker.postMessage("close");
      await ended;
    },
  };
}
