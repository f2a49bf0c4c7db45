/** Questions about plans that nothing is executed for. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallLimits, Calls } from "./calls.ts";
import type { Session } from "./contract.ts";
import { SparkError } from "./errors.ts";
import type { AnalyzePlanRequestSchema, AnalyzePlanResponse } from "./gen/spark_connect_pb.ts";
import { explainModes, rootPlan } from "./plans.ts";
import { sparkTypeOf, structOf } from "./types.ts";

type Question = NonNullable<MessageInitShape<typeof AnalyzePlanRequestSchema>["analyze"]>;
type Answer = AnalyzePlanResponse["result"];

export interface Analyses extends Pick<Session, "schema" | "explain" | "inputFiles" | "parseDdl"> {
  /** Of Spark, on the server. */
  version(options?: CallLimits): Promise<string>;
}

export function analyses(calls: Calls): Analyses {
  async function ask(analyze: Question, options: CallLimits = {}): Promise<Answer> {
    const reply = await calls.call(
      (sending) => calls.client.analyzePlan({ ...calls.identity(), analyze }, sending),
      options,
    );
    return reply.result;
  }

  return {
    async version(options) {
      const result = await ask({ case: "sparkVersion", value: {} }, options);
      return result.case === "sparkVersion" ? result.value.version : unanswered(result);
    },
    async schema(relation, options) {
      const result = await ask({ case: "schema", value: { plan: rootPlan(relation) } }, options);
      return result.case === "schema" && result.value.schema !== undefined
        ? structOf(result.value.schema)
        : unanswered(result);
    },
    async explain(relation, mode = "simple", options) {
      const value = { plan: rootPlan(relation), explainMode: explainModes[mode] };
      const result = await ask({ case: "explain", value }, options);
      return result.case === "explain" ? result.value.explainString : unanswered(result);
    },
    async inputFiles(relation, options) {
      const result = await ask({ case: "inputFiles", value: { plan: rootPlan(relation) } }, options);
      return result.case === "inputFiles" ? result.value.files : unanswered(result);
    },
    async parseDdl(text, options) {
      const result = await ask({ case: "ddlParse", value: { ddlString: text } }, options);
      return result.case === "ddlParse" && result.value.parsed !== undefined
        ? sparkTypeOf(result.value.parsed)
        : unanswered(result);
    },
  };
}

function unanswered(result: Answer): never {
  throw new SparkError("corrupt", `the server answered a question about a plan with ${result.case ?? "nothing"}`);
}
