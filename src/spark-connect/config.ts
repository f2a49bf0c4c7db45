/** Settings of the session on the server. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Calls } from "./calls.ts";
import type { CallOptions, SessionConfig } from "./contract.ts";
import type { ConfigRequest_OperationSchema, ConfigResponse } from "./gen/spark_connect_pb.ts";

type OpType = NonNullable<MessageInitShape<typeof ConfigRequest_OperationSchema>["opType"]>;

export function sessionConfig(calls: Calls): SessionConfig {
  function ask(opType: OpType, options: CallOptions): Promise<ConfigResponse> {
    return calls.call(
      (sending) => calls.client.config({ ...calls.identity(), operation: { opType } }, sending),
      options,
    );
  }

  return {
    async get(key, options = {}) {
      const { pairs } = await ask({ case: "getOption", value: { keys: [key] } }, options);
      return pairs.find((pair) => pair.key === key)?.value;
    },
    async all(prefix, options = {}) {
      const value = prefix === undefined ? {} : { prefix };
      const { pairs } = await ask({ case: "getAll", value }, options);
      return new Map(pairs.map((pair) => [pair.key, pair.value ?? ""]));
    },
    async set(settings, options = {}) {
      const pairs = Object.entries(settings).map(([key, value]) => ({ key, value }));
      if (pairs.length === 0) return [];
      return (await ask({ case: "set", value: { pairs } }, options)).warnings;
    },
    async unset(keys, options = {}) {
      if (keys.length > 0) await ask({ case: "unset", value: { keys: [...keys] } }, options);
    },
  };
}
