/**
 * A lake whose marts are registered in a real metastore, and everybody who reads them by name: Spark Connect and JDBC of one server,
 * and PySpark with a session of its own.
 */
import type { Session } from "../../src/spark-connect/contract.ts";
import { connect } from "../../src/spark-connect/session.ts";
import { pythonWith } from "../real/installed.ts";
import type { Skipping } from "../real/real.ts";
import { type Answer, askConnect } from "./answers.ts";
import { type Beeline, openBeeline } from "./beeline.ts";
import { type Ground, writeProject } from "./ground.ts";
import { type NameServer, startNameServer } from "./name-server.ts";
import { type NamedLake, openNamedLake } from "./named-lake.ts";
import { type Notebook, openNotebook } from "./notebook.ts";

export interface Scene extends NamedLake {
  readonly server: NameServer;
  readonly connect: Session;
  readonly beeline: Beeline;
  readonly notebook: Notebook;
}

/** `undefined` after skipping the test. */
export async function openScene(
  context: Skipping,
  groundOf: () => Promise<Ground | undefined>,
): Promise<Scene | undefined> {
  const python = pythonWith(context, "pyspark");
  const ground = python === undefined ? undefined : await groundOf();
  if (python === undefined || ground === undefined) return undefined;
  const closers: (() => Promise<unknown>)[] = [ground.close];
  const close = async (): Promise<void> => {
    for (const each of closers.toReversed()) await each();
  };
  try {
    const lake = await openNamedLake(ground);
    const { database, metastore } = lake;
    closers.push(lake.close);
    const [server, notebook] = await Promise.all([
      startNameServer(writeProject(ground, metastore), ground.home),
      openNotebook(python, ground),
    ]);
    closers.push(server.stop, notebook.close);
    const session = await connect(server.url);
    const beeline = openBeeline(server);
    closers.push(async () => {
      await beeline.close();
      await session.sql(`DROP DATABASE IF EXISTS ${database} CASCADE`);
      await session.close();
    });
    return { ...lake, server, connect: session, beeline, notebook, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The mart as each of them reads it by name. */
export async function readByName(
  scene: Scene,
  mart: string,
): Promise<{ readonly connect: Answer; readonly notebook: Answer }> {
  const table = `${scene.database}.${mart}`;
  const [byConnect, byNotebook] = await Promise.all([
    askConnect(scene.connect, `SELECT * FROM ${table}`),
    scene.notebook.ask({ table }),
  ]);
  return { connect: byConnect, notebook: byNotebook };
}
