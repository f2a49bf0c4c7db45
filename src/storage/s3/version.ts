/** What identifies a version of an object, in the forms in which stores give it. */
import { Failure } from "../../errors.ts";

/** The ETag without its quotes. */
export const tokenOf = (etag: string): string => etag.replace(/^"(.*)"$/, "$1");

/** Headers give the time to the second only, so a listing must not say more. Milliseconds since the epoch. */
export const wholeSeconds = (date: Date): number => Math.floor(date.getTime() / 1000) * 1000;

/** An answer that looks like success and lacks what every store gives: somebody else answered. */
export function noStore({ name }: { readonly name: string }, key: string | undefined): Failure {
  const subject = key === undefined ? name : `${name}: ${key}`;
  return new Failure("denied", `${subject}: what answers is no S3 store, or a page stands in its way`, {
    remedy: "check s3.endpoint (the S3 port, not the console's), and whether a proxy stands between",
  });
}
