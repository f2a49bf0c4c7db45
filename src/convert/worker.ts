/** The worker's side of the pool: converts one request after the other. */
import { parentPort } from "node:worker_threads";
import { asFailure, Failure } from "../errors.ts";
import { convertNative } from "./native.ts";
import { type Job, plainFailure, type WorkerMessage } from "./worker-messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs only as a worker of the converter");

const send = (message: WorkerMessage): void => port.postMessage(message);

port.on("message", (job: Job) => {
  const { id, request, groupBytes, rows, stop } = job;
  const options = {
    ...(groupBytes === undefined ? {} : { groupBytes }),
    rows,
    onProgress: (bytesIn: number): void => {
      if (Atomics.load(stop, 0) !== 0) throw new Failure("cancelled", `${request.input.file}: conversion stopped`);
      send({ id, kind: "progress", bytesIn });
    },
  };
  convertNative(request, options).then(
    (report) => send({ id, kind: "done", report }),
    (error: unknown) => send({ id, kind: "failed", failure: plainFailure(asFailure(error, request.input.file)) }),
  );
});
