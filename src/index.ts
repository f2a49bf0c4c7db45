/** What users of the library get. */
export type { App, Explanation, QueryAnswer, RunSummary, Selection, Status } from "./answers.ts";
export { type AppOptions, openApp } from "./app.ts";
export { type ReadOptions, readProject } from "./config/read.ts";
export type { ConvertInput, ConvertOptions, ConvertOutput, ConvertReport } from "./convert/contract.ts";
export { convert } from "./convert/convert.ts";
export { Failure, type FailureKind, isRetriable } from "./errors.ts";
export type { Event, Report } from "./model/events.ts";
export type { Project } from "./model/project.ts";
export type { ColumnType, Field, Schema } from "./model/schema.ts";
