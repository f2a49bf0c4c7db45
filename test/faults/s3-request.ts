/** What a request to an S3 store asks for, read from its method and address; buckets are path segments. */

/**
 * `upload` creates, lists or aborts a multipart upload, `part` is one of its parts, `complete` its end; `other` is about
 * buckets and their settings.
 */
export type RequestKind = "list" | "get" | "head" | "put" | "delete" | "upload" | "part" | "complete" | "other";

export interface S3Request {
  readonly kind: RequestKind;
  readonly method: string;
  readonly bucket: string;
  /** Decoded; `""` for what concerns the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
}

export function readRequest(method: string, target: string): S3Request {
  const [path = "", search = ""] = target.split(/\?(.*)/s, 2);
  const [, bucket = "", ...segments] = path.split("/");
  const key = decodeURIComponent(segments.join("/"));
  const query = new URLSearchParams(search);
  return { kind: kindOf(method, key, query), method, bucket: decodeURIComponent(bucket), key, query };
}

function kindOf(method: string, key: string, query: URLSearchParams): RequestKind {
  if (key === "") return method === "GET" && query.has("list-type") ? "list" : "other";
  if (query.has("uploads")) return "upload";
  if (query.has("uploadId")) return method === "PUT" ? "part" : method === "POST" ? "complete" : "upload";
  switch (method) {
    case "GET":
      return "get";
    case "HEAD":
      return "head";
    case "PUT":
      return "put";
    case "DELETE":
      return "delete";
    default:
      return "other";
  }
}
