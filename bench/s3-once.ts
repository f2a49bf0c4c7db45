/**
 * Our S3 storage alone, one whole process: uploads the files of a directory, or downloads the objects of a prefix.
 *
 *     node bench/s3-once.ts put|get DIRECTORY PREFIX ENDPOINT REGION CA.pem
 *
 * Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 */
import { createWriteStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openBucket, requestsAtOnce } from "./s3.ts";

const [verb, directory = "", prefix = "", endpoint = "", region = "", ca = ""] = process.argv.slice(2);
const storage = await openBucket("raw", { endpoint, region, caFile: ca, profile: "minio" });

async function each(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < names.length; at = next++) await work(names[at] ?? "");
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, worker));
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
