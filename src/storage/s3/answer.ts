/** What an error of the SDK says, read field by field from a value of unknown shape. */

export interface Answer {
  /** The class of the error in the SDK, which is also a store's code. */
  readonly name: string;
  /** The store's code (`NoSuchBucket`), or `""`. */
  readonly code: string;
  readonly status: number | undefined;
  /** The store's own sentence. */
  readonly message: string;
  readonly requestId: string | undefined;
  readonly header: (name: string) => string | undefined;
  /** `ECONNREFUSED` and its like, also of TLS. */
  readonly systemCode: string | undefined;
  /** The title of a page that is no answer of a store, `""` without one; `undefined` for a proper answer. */
  readonly page: string | undefined;
  /** Where the bucket lies, if the answer says so. */
  readonly region: string | undefined;
  readonly aborted: boolean;
}

export function answerOf(error: unknown): Answer {
  const name = textField(error, "name") ?? "";
  const metadata = field(error, "$metadata");
  const response = field(error, "$response");
  const headers = field(response, "headers");
  const header = (header: string): string | undefined => textField(headers, header);
  const status = statusOf(error);
  const message = textField(error, "message") ?? "";
  const code = status === undefined || plainNames.has(name) ? "" : (textField(error, "Code") ?? name);
  return {
    name,
    code,
    status,
    message,
    requestId: textField(metadata, "requestId"),
    header,
    systemCode: systemCodeOf(error) ?? (name === "TimeoutError" ? name : undefined),
    page: status === undefined ? undefined : pageOf(error, code, header),
    region:
      header("x-amz-bucket-region") ?? textField(error, "Region") ?? /expecting '([a-z0-9-]+)'/.exec(message)?.[1],
    aborted: name === "AbortError",
  };
}

/** Names that errors have when no code of the store was found. */
const plainNames: ReadonlySet<string> = new Set([
  "",
  "Error",
  "SyntaxError",
  "TypeError",
  "RangeError",
  "Unknown",
  "UnknownError",
  "S3ServiceException",
  "NotFound",
  "Forbidden",
  "BadRequest",
]);

function systemCodeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at !== undefined && depth < 4; at = field(at, "cause"), depth++) {
    const code = textField(at, "code");
    if (code !== undefined && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
    const [first] = arrayField(at, "errors");
    const below = textField(first, "code");
    if (below !== undefined) return below;
  }
  return undefined;
}

/** A body that is no XML of a store: HTML by its type or its looks, or what the SDK could not parse. */
function pageOf(error: unknown, code: string, header: Answer["header"]): string | undefined {
  const text = textField(error, "$responseBodyText");
  const html = /^text\/(?:html|plain)\b/i.test(header("content-type") ?? "");
  if (text === undefined && !(html && code === "")) return undefined;
  const title = /<title[^>]*>([^<]{1,200})/i.exec(text ?? "")?.[1] ?? "";
  return tidy(title, 80);
}

/** The store's words and their address in its log, fit for one line of a terminal. */
export function ownText({ code, message, status, requestId }: Answer): string {
  const words = plainMessages.has(message) ? "" : tidy(message, 300);
  const name = code === "" ? `${status ?? ""}` : code;
  const request = requestId === undefined ? "" : `, request ${tidy(requestId, 80)}`;
  return words === "" || words === name ? `${name}${request}` : `${words} (${name}${request})`;
}

const plainMessages: ReadonlySet<string> = new Set(["", "UnknownError", "Unknown"]);

function tidy(text: string, lengthMax: number): string {
  const line = text
    .replace(/\p{C}+|\s+/gu, " ")
    .trim()
    .replace(/\.$/, "");
  return line.length > lengthMax ? `${line.slice(0, lengthMax)}…` : line;
}

/** How long the store asked us to wait, in milliseconds. */
export function retryAfterMsOf({ header }: Pick<Answer, "header">, nowMs = Date.now()): number | undefined {
  const text = header("retry-after")?.trim();
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) return undefined;
  const hereMs = Date.parse(header("date") ?? "");
  return Math.max(0, atMs - (Number.isNaN(hereMs) ? nowMs : hereMs));
}

/** By how many minutes the store's clock is ahead of ours. */
export function skewMinutes({ header }: Pick<Answer, "header">, nowMs = Date.now()): number | undefined {
  const atMs = Date.parse(header("date") ?? "");
  return Number.isNaN(atMs) ? undefined : Math.round((atMs - nowMs) / 60_000);
}

export function statusOf(error: unknown): number | undefined {
  const status = field(field(error, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}

export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === "string" ? found : undefined;
}

function arrayField(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}
