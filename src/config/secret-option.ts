/** An option that says where a secret is, and never holds the secret itself. */
import type { SecretReference } from "../model/project.ts";
import type { Kind } from "./option.ts";
import { literalSecret, parseReference } from "./secret.ts";

export const secretReference: Kind<SecretReference> = {
  words: "reference",
  expects: "env:NAME or file:PATH",
  schema: { type: "string" },
  secret: true,
  parse(written, reading) {
    const reference = parseReference(written, reading.directory);
    if (reference !== undefined) return reference;
    throw literalSecret();
  },
};
