/**
 * A Spark that knows a metastore, as a user of the project has it: `millrace spark submit` of Spark's Thrift Server. With the plugin
 * of Spark Connect, the one process serves JDBC (`beeline`) and Connect.
 */
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { freePort } from "../../src/distribution/ports.ts";
import { connect } from "../../src/spark-connect/session.ts";
import { startServer } from "../real/server-process.ts";

export interface NameServer {
  /** `sc://127.0.0.1:port`. */
  readonly url: string;
  /** Of JDBC. */
  readonly port: number;
  /** The directory of Spark. */
  readonly home: string;
  stop(): Promise<void>;
}

const bin = join(import.meta.dirname, "..", "..", "bin", "millrace.js");

/** `projectFile` names the metastore and the lake's places, `home` a distribution of Spark. */
export async function startNameServer(projectFile: string, home: string): Promise<NameServer> {
  const connectPort = await freePort();
  const url = `sc://127.0.0.1:${connectPort}`;
  const server = await startServer((port) => ({
    title: "Spark's Thrift Server",
    program: process.execPath,
    args: [
      ...[bin, "spark", "submit", "--file", projectFile, "--dist", home, "--cores", "2", "--log-level", "error"],
      ...["--conf", `spark.hadoop.hive.server2.thrift.port=${port}`],
      ...["--conf", `spark.connect.grpc.binding.port=${connectPort}`],
      ...["--conf", "spark.plugins=org.apache.spark.sql.connect.SparkConnectPlugin"],
      ...["--", "--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal"],
    ],
    leashed: true,
    health: async () => (await listens(port)) && (await answers(url)),
  }));
  return { url, port: server.port, home, stop: server.stop };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

async function answers(url: string): Promise<boolean> {
  const session = await connect(url);
  await session.close();
  return true;
}
