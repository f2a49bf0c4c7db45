/** One metastore: its calls, over a few connections that are opened when they are needed. */
import type { HiveSettings } from "../../model/project.ts";
import { openThriftClient, type ThriftClient } from "../../thrift/client.ts";
import { hostText } from "../../thrift/connection.ts";
import { type MetastoreCalls, metastoreCalls } from "./calls.ts";

export interface Metastore {
  /** For messages: `Hive Metastore at metastore:9083`. */
  readonly address: string;
  /** `metastore:9083`. */
  readonly where: string;
  readonly calls: MetastoreCalls;
  /** What is set on a connection is known to it alone: `work` makes its calls on one that nobody else uses. */
  alone<T>(work: (calls: MetastoreCalls) => Promise<T>): Promise<T>;
  /** For writers that race: `count` connections, none of which waits for another one. */
  apart<T>(count: number, work: (calls: MetastoreCalls) => Promise<T>): Promise<T>;
  close(): void;
}

const name = "Hive Metastore";

/** Some hundred tables with types of a thousand leaves each, or the names of some million partitions. */
const answerBytesMax = 256 << 20;

export function openMetastore({ hosts, transport, connectMs, callMs }: HiveSettings): Metastore {
  const open = (connectionsMax: number): ThriftClient =>
    openThriftClient({ name, hosts, transport, connectMs, callMs, answerBytesMax, connectionsMax });
  const shared = open(4);
  const where = hosts.map(hostText).join(", ");

  async function apart<T>(count: number, work: (calls: MetastoreCalls) => Promise<T>): Promise<T> {
    const client = open(count);
    try {
      return await work(metastoreCalls(client, name));
    } finally {
      client.close();
    }
  }

  return {
    address: `${name} at ${where}`,
    where,
    calls: metastoreCalls(shared, name),
    alone: (work) => apart(1, work),
    apart,
    close: () => shared.close(),
  };
}
