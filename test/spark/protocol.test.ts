/** Our description of the protocol against the one that the official Python client carries, and the generated code against both. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  FieldDescriptorProto_Label as Labels,
  FieldDescriptorProto_Type as Types,
} from "@bufbuild/protobuf/wkt";
import { file_spark_connect } from "../../src/spark-connect/gen/spark_connect_pb.ts";
import { pythonWith } from "../real/installed.ts";

const root = join(import.meta.dirname, "..", "..");

interface Field {
  readonly number: number;
  readonly type: string;
  /** The message or enum, by its full name. */
  readonly of: string | null;
  readonly repeated: boolean;
  readonly optional: boolean;
  readonly oneof: string | null;
}

interface Method {
  readonly input: string;
  readonly output: string;
  readonly client_streaming: boolean;
  readonly server_streaming: boolean;
}

interface Protocol {
  readonly messages: Readonly<Record<string, Readonly<Record<string, Field>>>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly methods: Readonly<Record<string, Method>>;
}

function ours(): Protocol {
  const file = file_spark_connect.proto;
  const messages: Record<string, Record<string, Field>> = {};
  const enums: Record<string, Record<string, number>> = {};
  const methods: Record<string, Method> = {};
  const addEnum = (prefix: string, { name, value }: EnumDescriptorProto): void => {
    enums[`${prefix}.${name}`] = Object.fromEntries(value.map((each) => [each.name, each.number]));
  };
  const addMessage = (prefix: string, message: DescriptorProto): void => {
    const full = `${prefix}.${message.name}`;
    messages[full] = Object.fromEntries(message.field.map((field) => [field.name, fieldOf(field, message)]));
    for (const nested of message.nestedType) addMessage(full, nested);
    for (const nested of message.enumType) addEnum(full, nested);
  };
  for (const message of file.messageType) addMessage(file.package, message);
  for (const each of file.enumType) addEnum(file.package, each);
  for (const service of file.service) {
    for (const { name, inputType, outputType, clientStreaming, serverStreaming } of service.method) {
      methods[`${file.package}.${service.name}.${name}`] = {
        input: inputType.slice(1),
        output: outputType.slice(1),
        client_streaming: clientStreaming,
        server_streaming: serverStreaming,
      };
    }
  }
  return { messages, enums, methods };
}

function fieldOf(field: DescriptorProto["field"][number], message: DescriptorProto): Field {
  const isInOneof = field.proto3Optional || Object.hasOwn(field, "oneofIndex");
  return {
    number: field.number,
    type: (Types[field.type] ?? "").toLowerCase(),
    of: field.typeName === "" ? null : field.typeName.slice(1),
    repeated: field.label === Labels.REPEATED,
    optional: field.proto3Optional,
    oneof: isInOneof ? (message.oneofDecl[field.oneofIndex]?.name ?? null) : null,
  };
}

/** What of ours the other description lacks or says otherwise. It may say more. */
function differences(mine: Protocol, theirs: Protocol): string[] {
  const found: string[] = [];
  const compare = (name: string, one: unknown, other: unknown): void => {
    if (other === undefined) found.push(`${name}: they have none`);
    else if (JSON.stringify(one) !== JSON.stringify(other)) {
      found.push(`${name}: ${JSON.stringify(one)} here, ${JSON.stringify(other)} there`);
    }
  };
  for (const [name, fields] of Object.entries(mine.messages)) {
    if (theirs.messages[name] === undefined) found.push(`${name}: they have no such message`);
    for (const [field, what] of Object.entries(fields)) {
      compare(`${name}.${field}`, what, theirs.messages[name]?.[field]);
    }
  }
  for (const [name, values] of Object.entries(mine.enums)) {
    if (theirs.enums[name] === undefined) found.push(`${name}: they have no such enum`);
    for (const [value, number] of Object.entries(values)) {
      compare(`${name}.${value}`, number, theirs.enums[name]?.[value]);
    }
  }
  for (const [name, method] of Object.entries(mine.methods)) compare(name, method, theirs.methods[name]);
  return found;
}

test("every message, field, enum value and call is the official client's", (context) => {
  const python = pythonWith(context, "pyspark-client");
  if (python === undefined) return;
  const script = join(import.meta.dirname, "descriptors.py");
  const { status, stdout, stderr } = spawnSync(python, [script], { encoding: "utf8", maxBuffer: 64 << 20 });
  assert.equal(status, 0, stderr);
  const theirs: Protocol = JSON.parse(stdout);
  const mine = ours();
  assert.deepEqual(differences(mine, theirs), []);
  const counts = [mine.messages, mine.enums, mine.methods].map((part) => Object.keys(part).length);
  assert.ok((counts[0] ?? 0) > 120 && (counts[1] ?? 0) >= 8 && (counts[2] ?? 0) >= 10, `compared ${counts}`);

  // The comparison itself sees a number, a type, a label, a name, a value and a call that are wrong.
  const request = mine.messages["spark.connect.ExecutePlanRequest"] ?? {};
  const { session_id: sessionId, tags } = request;
  assert.ok(sessionId !== undefined && tags !== undefined);
  const damaged: readonly Record<string, Field>[] = [
    { session_id: { ...sessionId, number: 99 } },
    { session_id: { ...sessionId, type: "bytes" } },
    { tags: { ...tags, repeated: false } },
    { session_id: { ...sessionId, optional: true } },
    { session: sessionId },
  ];
  for (const fields of damaged) {
    const wrong = { messages: { "spark.connect.ExecutePlanRequest": fields }, enums: {}, methods: {} };
    assert.equal(differences(wrong, theirs).length, 1, JSON.stringify(fields));
  }
  const wrongValue = { "spark.connect.WriteOperation.SaveMode": { SAVE_MODE_APPEND: 2 } };
  assert.equal(differences({ messages: {}, enums: wrongValue, methods: {} }, theirs).length, 1);
});

test("the generated code is what the generator makes of the description", (context) => {
  const python = pythonWith(context, "pyspark-client");
  if (python === undefined) return;
  const out = mkdtempSync(join(tmpdir(), "millrace-protocol-"));
  try {
    const args = [join(root, "scripts", "protocol.ts"), "--python", python, "--out", out];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const name = "spark_connect_pb.ts";
    const fresh = readFileSync(join(out, name), "utf8");
    const kept = readFileSync(join(root, "src", "spark-connect", "gen", name), "utf8");
    assert.ok(fresh === kept, "src/spark-connect/gen is stale: run npm run protocol");
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
