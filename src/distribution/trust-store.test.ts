import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { makeCertificate } from "../../test/contract/certificate.ts";
import { missing } from "../../test/real/real.ts";
import { findJava } from "./java.ts";
import { certificatesIn, makeTrustStore } from "./trust-store.ts";

const pem = (): string => makeCertificate().cert;

test("certificates are told apart, each once, whatever stands between them", () => {
  const [first, second] = [pem(), pem()];
  assert.equal(certificatesIn([`words\n${first}more words\n${second}`, first]).length, 2);
  assert.throws(() => certificatesIn(["nothing"]), { kind: "usage", message: "ca: holds no certificate in PEM form" });
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  assert.throws(() => certificatesIn([broken]), { kind: "usage", message: /cannot be read/ });
});

test("keytool adds the project's authorities to what the JDK trusts", async (context) => {
  if (spawnSync("keytool", ["-help"]).error !== undefined) {
    missing(context, "keytool", "install a JDK");
    return;
  }
  const environment = process.env;
  const java = await findJava({ spark: "4.2.0", java: [17, 21, 25] }, environment);
  const directory = mkdtempSync(join(tmpdir(), "millrace-trust-"));
  try {
    assert.equal(await makeTrustStore({ java, authorities: [], directory, environment }), undefined);
    const authority = pem();
    const store = await makeTrustStore({ java, authorities: [authority, pem()], directory, environment });
    assert.ok(store);
    assert.equal(statSync(store.file).mode & 0o777, 0o600);
    const keytool = join(java.home, "bin", "keytool");
    const list = (args: readonly string[]): string =>
      execFileSync(keytool, ["-list", ...args, "-storepass", store.password], { encoding: "utf8" });
    const many = (text: string): number => text.match(/trustedCertEntry/g)?.length ?? 0;
    const own = list(["-keystore", store.file]);
    assert.equal(many(own), many(list(["-cacerts"])) + 2);
    const fingerprint = certificatesIn([authority])[0]?.fingerprint256 ?? "";
    assert.ok(own.includes(fingerprint));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
