/** What the converter's thread and its workers say to each other. */
import type { Failure, FailureKind } from "../errors.ts";
import type { RowsBy } from "../shred/rows.ts";
import type { ConvertReport, ConvertRequest } from "./contract.ts";

export interface Job {
  readonly id: number;
  readonly request: ConvertRequest;
  readonly groupBytes: number | undefined;
  readonly rows: RowsBy | undefined;
  /** One shared integer: anything but 0 asks the worker to stop. */
  readonly stop: Int32Array;
}

export type WorkerMessage =
  | { readonly id: number; readonly kind: "progress"; readonly bytesIn: number }
  | { readonly id: number; readonly kind: "done"; readonly report: ConvertReport }
  | { readonly id: number; readonly kind: "failed"; readonly failure: PlainFailure };

/** A failure as it crosses between threads, where classes and causes are lost. */
export interface PlainFailure {
  readonly kind: FailureKind;
  readonly message: string;
  readonly remedy: string | undefined;
  readonly stack: string | undefined;
}

export function plainFailure(failure: Failure): PlainFailure {
  const { kind, message, detail, stack } = failure;
  return { kind, message, remedy: detail.remedy, stack: detail.cause instanceof Error ? detail.cause.stack : stack };
}
