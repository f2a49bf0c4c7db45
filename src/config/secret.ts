/**
 * Secrets by reference. A project holds `env:NAME` or `file:PATH`, never the secret; `resolveSecret` fetches it at the
 * moment it is needed, and its messages name the reference only.
 */
import { isAbsolute, resolve } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import type { HeaderValue, SecretReference } from "../model/project.ts";
import { type Environment, wholeReference } from "./substitute.ts";

const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `env:NAME`, `file:PATH` or `${NAME}`; a relative path starts from the project's directory. */
export function parseReference(text: string, directory: string): SecretReference | undefined {
  const whole = wholeReference(text);
  if (whole !== undefined) return { kind: "env", name: whole };
  if (text.startsWith("env:")) {
    const name = text.slice("env:".length).trim();
    if (!environmentName.test(name)) {
      throw new Failure("usage", "env: is not followed by the name of a variable", { remedy: "Write env:NAME" });
    }
    return { kind: "env", name };
  }
  // `file://` is a URL, which a proxy or header may not be, and no reference.
  if (text.startsWith("file:") && !text.startsWith("file://")) {
    const path = text.slice("file:".length).trim();
    if (path === "") throw new Failure("usage", "file: is not followed by a path", { remedy: "Write file:PATH" });
    return { kind: "file", path: isAbsolute(path) ? path : resolve(directory, path) };
  }
  return undefined;
}

/** Header and query names whose values open doors. */
const secretName =
  /authoriz|authentic|(?:^|[-_])auth(?:$|[-_])|cookie|token|secret|passw|api-?_?key|access-?_?key|signature|credential|^sig$|^key$/i;

/** Values that are recognisably secrets, whatever their name: schemes of `Authorization`, prefixes of issued tokens. */
const secretValue =
  /^(?:bearer|basic|token|negotiate|digest)\s|^(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|sk-|AKIA|ASIA|eyJ)[\w.-]{8,}/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** A value beside a name: a reference, or a text that is no secret. Throws `usage`, without the value, for a literal secret. */
export function parseHeaderValue(name: string, text: string, directory: string): HeaderValue {
  const reference = parseReference(text, directory);
  if (reference !== undefined) return reference;
  if (text.includes("${")) {
    throw new Failure("usage", "mixes text with a variable", {
      remedy: "Write env:NAME, and let that variable hold the whole value",
    });
  }
  if (isSecretName(name) || secretValue.test(text)) throw literalSecret();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters would end the header.
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) throw new Failure("usage", "has a control character");
  return { kind: "text", text };
}

export function literalSecret(): Failure {
  return new Failure("usage", "a secret must not stand in a file or a flag", {
    remedy: "Write env:NAME or file:PATH and put the secret there",
  });
}

/** What a message may say about a reference. */
function describeReference(reference: SecretReference): string {
  return reference.kind === "env" ? `env:${reference.name}` : `file:${reference.path}`;
}

/** A bundle of certificate authorities is read in the same way and is the longest of them. */
const secretLengthMax = 1024 * 1024;

/**
 * The secret behind a reference, without the line end that editors put behind it. Throws `usage` if the variable is not
 * set or the file is empty, and the file's own failure if it cannot be read.
 */
export function resolveSecret(
  reference: SecretReference,
  environment: Environment,
  readFile: (path: string) => string,
): string {
  const subject = describeReference(reference);
  const secret =
    reference.kind === "env" ? environment[reference.name] : readSecretFile(reference.path, readFile, subject);
  if (secret === undefined) {
    throw new Failure("usage", `${subject}: the variable is not set`, { remedy: "Set it where millrace runs" });
  }
  const trimmed = secret.replace(/[\r\n]+$/, "");
  if (trimmed === "") throw new Failure("usage", `${subject}: the secret is empty`);
  if (trimmed.length > secretLengthMax) throw new Failure("usage", `${subject}: longer than 1 MiB, which no secret is`);
  return trimmed;
}

function readSecretFile(path: string, readFile: (path: string) => string, subject: string): string {
  try {
    return readFile(path);
  } catch (error) {
    throw asFailure(error, subject);
  }
}
