/**
 * Our S3 storage alone, one whole process: uploads the files of a directory, or downloads the objects of a prefix.
 *
 *     node bench/s3-once.ts put|get DIRECTORY PREFIX ENDPOINT REGION CA.pem
 *
 * Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 */
import { createWriteStream, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openStorage } from "../src/storage/open.ts";
import { resolveSecret } from "./s3.ts";

const [verb, directory = "", prefix = "", endpoint = "", region = "", ca = ""] = process.argv.slice(2);
const parallel = 32;
const key = (name: string) => ({ kind: "env", name }) as const;
const storage = await openStorage(
  {
    kind: "s3",
    bucket: "raw",
    prefix: "",
    name: "s3://raw",
    store: {
      profile: "minio",
      endpoint,
      region,
      pathStyle: true,
      ca: { kind: "file", path: ca },
      credentials: {
        kind: "keys",
        accessKey: key("AWS_ACCESS_KEY_ID"),
        secretKey: key("AWS_SECRET_ACCESS_KEY"),
        sessionToken: undefined,
      },
      parallel,
    },
  },
  {
    resolveSecret,
    scratchRoot: join(tmpdir(), `millrace-bench-scratch-${process.pid}`),
  },
);

async function each(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < names.length; at = next++) await work(names[at] ?? "");
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

if (verb === "put") {
  await each(readdirSync(directory), async (name) => {
    await storage.put(`${prefix}/${name}`, { file: join(directory, name) });
  });
} else {
  const names: string[] = [];
  for await (const page of storage.list(`${prefix}/`)) names.push(...page.map((object) => object.key));
  await each(names, async (name) => {
    await pipeline(storage.read(name), createWriteStream(join(directory, name.slice(prefix.length + 1))));
  });
}
