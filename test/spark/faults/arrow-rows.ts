/** Rows of `id BIGINT, name STRING` as the messages in which a Spark server sends them. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { int64, tableFromArrays, tableToIPC, utf8 } from "@uwdata/flechette";
import type { DataType, ExecutePlanResponseSchema } from "../../../src/spark-connect/gen/spark_connect_pb.ts";
import { DataTypeSchema } from "../../../src/spark-connect/gen/spark_connect_pb.ts";

/** What varies of a response; the server adds the ids. */
export type ResponseBody = Omit<
  MessageInitShape<typeof ExecutePlanResponseSchema>,
  "$typeName" | "sessionId" | "serverSideSessionId" | "operationId" | "responseId"
>;

export interface Row {
  readonly id: bigint;
  readonly name: string;
}

export const rowAt = (at: number): Row => ({ id: BigInt(at), name: `row ${at}` });

export function rowsBetween(from: number, to: number): Row[] {
  return Array.from({ length: to - from }, (_, at) => rowAt(from + at));
}

/** An Arrow IPC stream: a schema and one batch. */
export function arrowOf(rows: readonly Row[]): Uint8Array {
  const columns = { id: rows.map(({ id }) => id), name: rows.map(({ name }) => name) };
  const table = tableFromArrays(columns, { types: { id: int64(), name: utf8() } });
  const bytes = tableToIPC(table, { format: "stream" });
  if (bytes === null) throw new Error("no bytes of a table");
  return bytes;
}

export const rowsSchema: DataType = create(DataTypeSchema, {
  kind: {
    case: "struct",
    value: {
      fields: [
        { name: "id", dataType: { kind: { case: "long", value: {} } }, nullable: false },
        { name: "name", dataType: { kind: { case: "string", value: {} } }, nullable: true },
      ],
    },
  },
});

export const schemaBody: ResponseBody = { schema: rowsSchema };

export function batchBody(from: number, to: number): ResponseBody {
  const data = arrowOf(rowsBetween(from, to));
  const value = { rowCount: BigInt(to - from), data, startOffset: BigInt(from) };
  return { responseType: { case: "arrowBatch", value } };
}

export const progressBody: ResponseBody = {
  responseType: {
    case: "executionProgress",
    value: {
      stages: [{ stageId: 0n, numTasks: 8n, numCompletedTasks: 3n, inputBytesRead: 100n, done: false }],
      numInflightTasks: 2n,
    },
  },
};

/** A whole answer: the schema, progress, so many batches. */
export function answerOf(batches: number, rowsPerBatch = 3): ResponseBody[] {
  const bodies = Array.from({ length: batches }, (_, at) => batchBody(at * rowsPerBatch, (at + 1) * rowsPerBatch));
  return [schemaBody, progressBody, ...bodies];
}
