/**
 * `ca`: certificate authorities to trust besides the usual ones, as PEM text in a file or in a variable. The project names
 * them once; a source or a store may name others. The text is read when a connection is opened.
 */
import { Failure } from "../errors.ts";
import type { SecretReference } from "../model/project.ts";
import * as kind from "./kinds.ts";
import { type Kind, mismatch, type Option, optional } from "./option.ts";
import { parseReference } from "./secret.ts";

/** `none` is said, as distinct from nothing said: it undoes what would be inherited. */
export type Authorities = SecretReference | "none";

/** No secret, so that `${VAR}` in a path is substituted as everywhere; `env:` and `file:` are read as of one. */
const reference: Kind<SecretReference> = {
  words: "path or reference",
  expects: "the path of a PEM file, or env:NAME",
  schema: { type: "string" },
  parse(written, reading) {
    if (written.includes("-----BEGIN")) {
      throw new Failure("usage", "holds the certificate itself", {
        remedy: "Put it into a file and write the file's path, or write env:NAME",
      });
    }
    const named = parseReference(written, reading.directory);
    if (named !== undefined) return named;
    const path = kind.path.parse(written, reading, written);
    return path === mismatch ? mismatch : { kind: "file", path };
  },
};

/** `absent`: whose authorities hold where none are named. */
export function authorities(about: { readonly doc: string; readonly absent: string }): Option<Authorities | undefined> {
  return optional(kind.orWord(reference, "none", "none" as const), { ...about, example: "certs/company.pem" });
}

/** What was named here, or else what is inherited. */
export function chosenAuthorities(
  named: Authorities | undefined,
  inherited: SecretReference | undefined,
): SecretReference | undefined {
  if (named === undefined) return inherited;
  return named === "none" ? undefined : named;
}
