/** Uploads in parts: put together in order, and gone without a trace when they are given up. */
import { bad, good, type Verdict } from "../probe.ts";
import type { Ground, Upload } from "./probe-ground.ts";
import { must } from "./probe-requests.ts";

/** The least that S3 takes for a part that is not the last. Bytes. */
const partBytes = 5 * 1024 * 1024;

export async function uploadInParts(ground: Ground): Promise<Verdict> {
  const end = Buffer.from("the end");
  const { upload, tags } = must(await ground.upload("upload/whole", [Buffer.alloc(partBytes, "a"), end]));
  const completed = await ground.complete(upload, tags);
  // A repeated request may find its own effect, and no upload any more.
  if (completed.refusal !== undefined && !completed.repeated) throw completed.refusal.failure;
  const size = partBytes + end.length;
  const head = must(await ground.head("upload/whole"));
  const read = must(await ground.get("upload/whole", { Range: `bytes=${partBytes - 2}-` }));
  if (head.ContentLength !== size) return bad(`${size} bytes in two parts became ${head.ContentLength ?? "none"}`);
  return read.bytes.toString() === "aathe end"
    ? good("two parts, 5 MiB, read back in order")
    : bad("what was sent in two parts reads back differently");
}

export async function mayAbortUploads(ground: Ground): Promise<Verdict> {
  const { upload } = must(await ground.upload("upload/aborted", [Buffer.from("x")]));
  must(await ground.abort(upload));
  const late = await ground.complete(upload, ["x"]);
  if (late.refusal === undefined) return bad("an aborted upload can still be completed");
  const read = await ground.get("upload/aborted");
  return read.refusal === undefined ? bad("an aborted upload left an object") : good("allowed");
}

export async function mayListUploads(ground: Ground): Promise<Verdict> {
  const { upload } = must(await ground.upload("upload/listed", [Buffer.from("x")]));
  if (!(await isListed(ground, upload))) return bad("an open upload is not listed");
  const aborted = await ground.abort(upload);
  if (aborted.refusal !== undefined) return good("allowed; whether aborted uploads vanish was not seen");
  return (await isListed(ground, upload))
    ? bad("an aborted upload is still listed", "look at the store's uploads now and then: what stays open is paid for")
    : good("allowed; an aborted upload has vanished");
}

/** One store lists uploads only to who names the whole key. */
async function isListed({ store, ask }: Ground, { key, id }: Upload): Promise<boolean> {
  const command = new store.sdk.ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: key });
  const { Uploads = [] } = must(
    await ask({ action: "list uploads" }, (options) => store.client.send(command, options)),
  );
  return Uploads.some(({ UploadId }) => UploadId === id);
}
