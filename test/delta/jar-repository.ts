/** A Maven repository on this machine with the real jars of Delta Lake. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { deltaVersionsOf } from "../../src/model/delta-versions.ts";
import { jarFile } from "../../src/model/versions.ts";
import { deltaJars } from "../real/installed.ts";

export const jars = deltaVersionsOf("4.2.0")?.jars ?? [];

export interface JarRepository {
  readonly url: string;
  /** Names of the files that were asked for. */
  readonly asked: string[];
  /** What is served instead of a jar. */
  readonly instead: Map<string, Buffer>;
}

/** `undefined` after skipping the test. */
export async function openJarRepository(context: TestContext): Promise<JarRepository | undefined> {
  const directory = deltaJars(context);
  if (directory === undefined) return undefined;
  const asked: string[] = [];
  const instead = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const name = basename(path);
    asked.push(name);
    const jar = jars.find((each) => jarFile(each) === name);
    const where =
      jar === undefined ? "" : `/maven2/${jar.group.replaceAll(".", "/")}/${jar.artifact}/${jar.version}/${name}`;
    if (path !== where) response.writeHead(404).end();
    else response.writeHead(200).end(instead.get(name) ?? readFileSync(join(directory, name)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}/maven2`, asked, instead };
}
