/** Where an archive's files are: a URL or directory with a pattern behind it. */
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../errors.ts";
import { remoteSchemes } from "./kinds.ts";
import { type Kind, mismatch } from "./option.ts";
import { isSecretName } from "./secret.ts";

/** A location whose pattern is still text: how to read it depends on `every`. */
export interface Address {
  readonly kind: "http" | "directory";
  /** Without a trailing slash: `https://data.gharchive.org`, `/mnt/share/archive`. */
  readonly base: string;
  readonly pattern: string;
}

const example = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";

export const address: Kind<Address> = {
  words: "URL or path with a pattern",
  expects: `a URL or path with a pattern, such as ${example}`,
  schema: { type: "string" },
  parse(written, reading) {
    if (written.trim() === "") return mismatch;
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(written)?.[1]?.toLowerCase();
    if (scheme === undefined) return directoryAddress(written, reading.directory);
    if (scheme === "http" || scheme === "https") return httpAddress(written);
    if (scheme === "file") return directoryAddress(fileUrlPath(written), reading.directory);
    if (remoteSchemes.has(scheme)) {
      throw new Failure("usage", `${scheme}:// is not offered by this version`, {
        remedy: "Sources are http://, https:// and directories, also mounted ones",
      });
    }
    throw new Failure("usage", `${scheme}: is no source`, {
      remedy: "Sources are http://, https:// and directories, also mounted ones",
    });
  },
};

function httpAddress(written: string): Address {
  const { base, pattern } = splitAtPattern(written);
  // Everything is judged on the part before the first token: braces are no characters of a URL.
  const match = /^https?:\/\/([^/?#]*)/i.exec(written);
  const authority = match?.[1] ?? "";
  if (authority.includes("@")) {
    throw new Failure("usage", "the URL holds credentials", {
      remedy: "Take them out and send them as a header: headers: { Authorization: env:NAME }",
    });
  }
  if (authority.includes("{"))
    throw new Failure("usage", "a token stands in the host", { remedy: "Use tokens in the path" });
  if (written.includes("#"))
    throw new Failure("usage", "a URL of a file has no #", { remedy: "Write %23 for a # in a name" });
  refuseSecretQuery(written);
  if (!URL.canParse(base) || new URL(base).hostname === "")
    throw new Failure("usage", "not a valid URL", { remedy: `Example: ${example}` });
  return { kind: "http", base, pattern };
}

function refuseSecretQuery(written: string): void {
  const query = written.split("?")[1] ?? "";
  const secret = query
    .split("&")
    // A parameter with a token in its value is part of the file's name.
    .filter((pair) => !pair.includes("{"))
    .map((pair) => pair.split("=")[0] ?? "")
    .find(isSecretName);
  if (secret === undefined) return;
  throw new Failure("usage", `the URL holds a secret in its parameter ${secret.slice(0, 40)}`, {
    remedy: "Send it as a header: headers: { NAME: env:NAME }",
  });
}

function fileUrlPath(written: string): string {
  const rest = /^file:\/\/(\/.*)$/i.exec(written)?.[1];
  if (rest === undefined)
    throw new Failure("usage", "a file: URL has three slashes", { remedy: "Write file:///path, or the path alone" });
  const { base, pattern } = splitAtPattern(rest);
  return `${fileURLToPath(`file://${base}/`).replace(/[\\/]$/, "")}/${pattern}`;
}

function directoryAddress(written: string, directory: string): Address {
  const { base, pattern } = splitAtPattern(written);
  const inside = base === "" && written.startsWith("/") ? "/" : base;
  return { kind: "directory", base: isAbsolute(inside) ? resolve(inside) : resolve(directory, inside), pattern };
}

/** Cuts behind the last `/` before the first token. */
function splitAtPattern(written: string): { readonly base: string; readonly pattern: string } {
  const token = written.indexOf("{");
  if (token === -1) {
    throw new Failure("usage", "has no pattern, so it would name the same file for every hour", {
      remedy: `Example: ${example}`,
    });
  }
  const slash = written.lastIndexOf("/", token);
  return { base: written.slice(0, Math.max(slash, 0)), pattern: written.slice(slash + 1) };
}
