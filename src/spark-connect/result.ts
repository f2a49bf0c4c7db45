/** What an execution yields, as its reader wants it. */

import { type ArrowBatch, makeBatchReader } from "./batches.ts";
import type { ExecuteOptions, ExecutionFigures, Progress, Result, Value } from "./contract.ts";
import { SparkError } from "./errors.ts";
import type { Execution } from "./execute.ts";
import type {
  DataType,
  ExecutePlanResponse_ExecutionProgress,
  ExecutePlanResponse_Metrics,
  Relation,
} from "./gen/spark_connect_pb.ts";
import { type StructType, structOf } from "./types.ts";
import { type DecodeBatch, objectDecoder, rowDecoder } from "./values.ts";

type Metrics = ExecutionFigures["metrics"];

/** Responses by what they carry. */
export interface ResponseReader {
  /** `undefined` after the last. */
  nextBatch(): Promise<ArrowBatch | undefined>;
  /** Reads until the schema is known; a command may have none. */
  schema(): Promise<DataType | undefined>;
  /** After the end: what a command says to execute for its rows. */
  relation(): Relation | undefined;
  metrics(): Metrics;
  readonly isOver: boolean;
}

export function readResponses(execution: Execution, onProgress?: (progress: Progress) => void): ResponseReader {
  const batches = makeBatchReader();
  const metrics: Metrics[number][] = [];
  let schema: DataType | undefined;
  let relation: Relation | undefined;
  let waiting: ArrowBatch | undefined;
  let isOver = false;

  /** Answers whether there was another response. */
  async function step(): Promise<boolean> {
    const response = await execution.next();
    if (response === undefined) {
      isOver = true;
      batches.end();
      return false;
    }
    schema ??= response.schema;
    if (response.metrics !== undefined) metrics.push(...metricsOf(response.metrics));
    const { responseType } = response;
    if (responseType.case === "executionProgress") onProgress?.(progressOf(responseType.value));
    if (responseType.case === "sqlCommandResult") relation = responseType.value.relation;
    if (responseType.case === "arrowBatch") waiting = batches.take(responseType.value);
    return true;
  }

  /** What is wrong with the responses, or in the caller's own code, ends the execution. */
  async function stepOrEnd(): Promise<boolean> {
    try {
      return await step();
    } catch (error) {
      await execution.close();
      throw error;
    }
  }

  return {
    async nextBatch() {
      while (waiting === undefined) if (isOver || !(await stepOrEnd())) return undefined;
      const batch = waiting;
      waiting = undefined;
      return batch;
    },
    async schema() {
      while (schema === undefined && waiting === undefined && !isOver) await stepOrEnd();
      return schema;
    },
    relation: () => relation,
    metrics: () => metrics,
    get isOver() {
      return isOver;
    },
  };
}

/** Resolves when the schema is known. `before`: the figures of the command that led to this result. */
export async function openResult(
  execution: Execution,
  { onProgress, values = {} }: ExecuteOptions,
  before: Metrics = [],
): Promise<Result> {
  const reader = readResponses(execution, onProgress);
  const dataType = await reader.schema();
  const schema: StructType = dataType === undefined ? { kind: "struct", fields: [] } : structOf(dataType);
  let isTaken = false;

  function take(): void {
    if (isTaken) {
      throw new SparkError("usage", "a result can be read once", { remedy: "execute it again, or keep what was read" });
    }
    isTaken = true;
  }

  async function* whole(): AsyncGenerator<ArrowBatch> {
    try {
      for (let batch = await reader.nextBatch(); batch !== undefined; batch = await reader.nextBatch()) yield batch;
    } finally {
      if (!reader.isOver) await execution.close();
    }
  }

  async function* decoded<T>(decode: DecodeBatch<T>): AsyncGenerator<readonly T[]> {
    for await (const { rows, data } of whole()) {
      if (rows === 0) continue;
      const batch = decode(data);
      if (batch.length !== rows) {
        throw new SparkError("corrupt", `result: a batch of ${rows} rows holds ${batch.length}`);
      }
      yield batch;
    }
  }

  async function* flat<T>(decode: DecodeBatch<T>): AsyncGenerator<T> {
    for await (const batch of decoded(decode)) for (const row of batch) yield row;
  }

  return {
    operationId: execution.operationId,
    schema,
    arrow() {
      take();
      return whole();
    },
    batches() {
      take();
      return decoded(rowDecoder(schema, values));
    },
    rows() {
      take();
      return flat(rowDecoder(schema, values));
    },
    objects() {
      take();
      return flat(objectDecoder(schema, values));
    },
    async collect() {
      take();
      const objects: Record<string, Value>[] = [];
      for await (const batch of decoded(objectDecoder(schema, values)))
        for (const object of batch) objects.push(object);
      return objects;
    },
    close: () => execution.close(),
    figures() {
      if (!reader.isOver) throw new SparkError("usage", "figures are known when a result was read to its end");
      return { operationId: execution.operationId, metrics: [...before, ...reader.metrics()] };
    },
  };
}

function progressOf({ stages, numInflightTasks }: ExecutePlanResponse_ExecutionProgress): Progress {
  const each = stages.map((stage) => ({
    id: Number(stage.stageId),
    tasks: Number(stage.numTasks),
    tasksDone: Number(stage.numCompletedTasks),
    bytesRead: Number(stage.inputBytesRead),
    isDone: stage.done,
  }));
  return {
    tasks: each.reduce((sum, { tasks }) => sum + tasks, 0),
    tasksDone: each.reduce((sum, { tasksDone }) => sum + tasksDone, 0),
    tasksRunning: Number(numInflightTasks),
    bytesRead: each.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    stages: each,
  };
}

function metricsOf({ metrics }: ExecutePlanResponse_Metrics): Metrics {
  return metrics.map(({ name, planId, parent, executionMetrics }) => ({
    name,
    planId: Number(planId),
    parent: Number(parent),
    values: new Map(Object.entries(executionMetrics).map(([key, metric]) => [key, metric.value])),
  }));
}
