/** Requests as messages: statements, writes and views. Pure. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { ExplainMode, SqlOptions, WriteTarget } from "./contract.ts";
import { SparkError } from "./errors.ts";
import {
  AnalyzePlanRequest_Explain_ExplainMode as ExplainModes,
  type Plan,
  PlanSchema,
  type Relation,
  RelationSchema,
  WriteOperation_SaveMode as SaveModes,
  WriteOperation_SaveTable_TableSaveMethod as TableSaveMethods,
  type WriteOperationSchema,
} from "./gen/spark_connect_pb.ts";
import { literalOf } from "./literals.ts";

export function rootPlan(relation: Relation): Plan {
  return create(PlanSchema, { opType: { case: "root", value: relation } });
}

export function sqlCommandPlan(input: Relation): Plan {
  return create(PlanSchema, {
    opType: { case: "command", value: { commandType: { case: "sqlCommand", value: { input } } } },
  });
}

export function viewPlan(name: string, input: Relation, replace: boolean): Plan {
  const view = { name, input, replace, isGlobal: false };
  return create(PlanSchema, {
    opType: { case: "command", value: { commandType: { case: "createDataframeView", value: view } } },
  });
}

/** The statement, with its parameters and with the relations that it names. */
export function sqlRelation(query: string, { parameters = [], relations = {} }: SqlOptions): Relation {
  const given: MessageInitShape<typeof RelationSchema>["relType"] = {
    case: "sql",
    value: isList(parameters)
      ? { query, posArguments: parameters.map(literalOf) }
      : {
          query,
          namedArguments: Object.fromEntries(
            Object.entries(parameters).map(([name, value]) => [name, literalOf(value)]),
          ),
        },
  };
  const root = create(RelationSchema, { relType: given });
  const references = Object.entries(relations).map(([alias, input]) =>
    create(RelationSchema, { relType: { case: "subqueryAlias", value: { input, alias } } }),
  );
  if (references.length === 0) return root;
  return create(RelationSchema, { relType: { case: "withRelations", value: { root, references } } });
}

function isList<T>(value: readonly T[] | Readonly<Record<string, T>>): value is readonly T[] {
  return Array.isArray(value);
}

const saveModes = {
  append: SaveModes.APPEND,
  overwrite: SaveModes.OVERWRITE,
  error: SaveModes.ERROR_IF_EXISTS,
  ignore: SaveModes.IGNORE,
} as const;

const saveMethods = {
  save: TableSaveMethods.SAVE_AS_TABLE,
  insert: TableSaveMethods.INSERT_INTO,
} as const;

export function writePlan(input: Relation, target: WriteTarget): Plan {
  const { format, to, mode, partitionBy = [], options = {} } = target;
  const saveType: MessageInitShape<typeof WriteOperationSchema>["saveType"] =
    "path" in to
      ? { case: "path", value: to.path }
      : { case: "table", value: { tableName: to.table, saveMethod: saveMethods[to.method] } };
  if ("path" in to && to.path === "") throw new SparkError("usage", "the path to write to is empty");
  const value = {
    input,
    saveType,
    mode: saveModes[mode],
    partitioningColumns: [...partitionBy],
    options: { ...options },
    ...(format === undefined ? {} : { source: format }),
  };
  return create(PlanSchema, {
    opType: { case: "command", value: { commandType: { case: "writeOperation", value } } },
  });
}

export const explainModes: Readonly<Record<ExplainMode, ExplainModes>> = {
  simple: ExplainModes.SIMPLE,
  extended: ExplainModes.EXTENDED,
  codegen: ExplainModes.CODEGEN,
  cost: ExplainModes.COST,
  formatted: ExplainModes.FORMATTED,
};
