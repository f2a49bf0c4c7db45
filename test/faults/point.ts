/**
 * Named points of a process, at which something happens to it. A point is `WHERE:PATTERN:WHEN`: the first call
 * `place.method` whose key matches (`tables.put:data\.parquet$:after`), or the first request to a store whose path with
 * its query does (`request.PUT:partNumber=1:after`); `before` it is made, or `after` its answer was heard.
 */
import { subscribe } from "node:diagnostics_channel";
import { ClientRequest } from "node:http";
import type { AppOptions } from "../../src/app.ts";
import type { Storage } from "../../src/storage/contract.ts";

export interface Point {
  readonly where: string;
  readonly when: string;
  /** Whether this is the key or the path; it is so once. */
  takes(text: string): boolean;
}

export function readPoint(text: string): Point {
  const [where = "", pattern = "", when = ""] = text.split(":");
  let taken = false;
  return {
    where,
    when,
    takes(candidate) {
      if (taken || !new RegExp(pattern).test(candidate)) return false;
      taken = true;
      return true;
    },
  };
}

/** Lets `act` happen at the point. What it answers is awaited where a call of a storage is; a request does not wait. */
export function actAt(point: Point, act: () => Promise<void>): NonNullable<AppOptions["wrapStorage"]> {
  const [place, method = ""] = point.where.split(".");
  if (place === "request") actAtRequest(point, method, act);
  return (name, storage) => (name === place ? wrapped(storage, point, method, act) : storage);
}

function actAtRequest(point: Point, method: string, act: () => Promise<void>): void {
  const channel = point.when === "before" ? "http.client.request.created" : "http.client.response.finish";
  subscribe(channel, (message) => {
    const request: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "request") : {};
    if (request instanceof ClientRequest && request.method === method && point.takes(request.path)) void act();
  });
}

function wrapped(storage: Storage, point: Point, method: string, act: () => Promise<void>): Storage {
  const around =
    <Rest extends readonly unknown[], R>(call: (key: string, ...rest: Rest) => Promise<R>) =>
    async (key: string, ...rest: Rest): Promise<R> => {
      const isHere = point.takes(key);
      if (isHere && point.when === "before") await act();
      const result = await call(key, ...rest);
      if (isHere && point.when === "after") await act();
      return result;
    };
  switch (method) {
    case "put":
      return { ...storage, put: around(storage.put) };
    case "putIfAbsent":
      return { ...storage, putIfAbsent: around(storage.putIfAbsent) };
    case "remove":
      return { ...storage, remove: around(storage.remove) };
    default:
      throw new Error(`no point at ${point.where}`);
  }
}
