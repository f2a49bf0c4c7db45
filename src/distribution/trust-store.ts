/**
 * A trust store for the JVM: what the JDK trusts, and the project's own authorities. `keytool` of the same JDK makes it, so
 * that it is one which that JDK reads.
 */
import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import type { TrustStore } from "./conf.ts";
import type { Environment } from "./contract.ts";
import type { Java } from "./java.ts";
import { lastLines, run } from "./programs.ts";

/** That of every JDK's own store: it protects nothing, for certificates are public. */
const password = "changeit";

export interface TrustStoreOptions {
  readonly java: Java;
  /** PEM texts, each with one certificate or more. */
  readonly authorities: readonly string[];
  /** A private directory; the store becomes a file in it. */
  readonly directory: string;
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** `undefined` if there is nothing to add. Throws `usage` for texts without certificates and for a JDK without `keytool`. */
export async function makeTrustStore(options: TrustStoreOptions): Promise<TrustStore | undefined> {
  const { java, authorities, directory, environment, signal } = options;
  const certificates = certificatesIn(authorities);
  if (certificates.length === 0) return undefined;
  const file = join(directory, "trust-store");
  const keytool = async (...args: readonly string[]): Promise<string> => {
    const program = join(java.home, "bin", "keytool");
    const ran = await run([program, ...args, "-keystore", file, "-storepass", password], { environment, signal });
    if (ran === undefined) {
      throw new Failure("usage", `${program}: there is no such program`, { remedy: "install a whole JDK" });
    }
    if (ran.code !== 0) throw new Failure("usage", `keytool: ${lastLines(ran.stdout + ran.stderr)}`);
    return ran.stdout;
  };
  const known = (await copyOwn(java, file)) ? fingerprintsIn(await keytool("-list", "-v")) : new Set<string>();
  for (const [at, certificate] of certificates.entries()) {
    if (known.has(certificate.fingerprint256)) continue;
    const pem = join(directory, `authority-${at}.pem`);
    await writeFile(pem, certificate.toString(), { mode: 0o600 });
    await keytool("-importcert", "-noprompt", "-alias", `millrace-${at}`, "-file", pem);
  }
  return { file, password };
}

/** What the JDK itself trusts; `false` for one that trusts nobody. */
async function copyOwn(java: Java, file: string): Promise<boolean> {
  try {
    const own = await readFile(join(java.home, "lib", "security", "cacerts"));
    if (own.length === 0) return false;
    await writeFile(file, own, { mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw asFailure(error);
  }
}

/** SHA-256, as both Java and Node write it. */
function fingerprintsIn(listing: string): ReadonlySet<string> {
  return new Set(listing.match(/\b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\b/g));
}

/** Each once, in the order of the texts. */
export function certificatesIn(texts: readonly string[]): readonly X509Certificate[] {
  const found = new Map<string, X509Certificate>();
  for (const text of texts) {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Failure("usage", "ca: holds no certificate in PEM form");
    for (const block of blocks) {
      const certificate = parse(block);
      found.set(certificate.fingerprint256, certificate);
    }
  }
  return [...found.values()];
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new Failure("usage", "ca: holds a certificate that cannot be read", { cause: error });
  }
}
