/** Certificates for 127.0.0.1 and localhost, made on the spot: no key lies in the repository. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const short = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, body]);
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));
const time = (at: Date): Buffer => der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\.\d+/g, "")}`));

const dayMs = 86_400_000;

const subjectAlternativeNames = oid(0x55, 0x1d, 0x11);
const dnsName = (name: string): Buffer => der(0x82, Buffer.from(name));
const names = sequence(
  subjectAlternativeNames,
  der(0x04, sequence(dnsName("localhost"), der(0x87, Buffer.from([127, 0, 0, 1])))),
);

/** Basic constraints: may sign others. */
const isAuthority = sequence(
  oid(0x55, 0x1d, 0x13),
  der(0x01, Buffer.from([0xff])),
  der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
);

/** A certificate that signed itself: a server's and its own authority in one. */
export function makeCertificate(): { readonly key: string; readonly cert: string } {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = { title: "millrace test", key: keys.privateKey };
  return {
    key: pemOf(keys.privateKey),
    cert: certify({ title: "millrace test", key: keys.publicKey, extensions: [names, isAuthority] }, own),
  };
}

/**
 * A server's certificate and the one of the authority that signed it: whoever trusts only the second reaches the server. With a name it is
 * one for a host of that name instead.
 */
export function makeChain(name?: string): { readonly key: string; readonly cert: string; readonly authority: string } {
  const root = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const authority = { title: "millrace test authority", key: root.privateKey };
  const served = name === undefined ? names : sequence(subjectAlternativeNames, der(0x04, sequence(dnsName(name))));
  return {
    key: pemOf(server.privateKey),
    cert: certify({ title: "millrace test server", key: server.publicKey, extensions: [served] }, authority),
    authority: certify({ title: authority.title, key: root.publicKey, extensions: [isAuthority] }, authority),
  };
}

interface Subject {
  readonly title: string;
  /** The public key that is certified. */
  readonly key: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certify(subject: Subject, issuer: { readonly title: string; readonly key: KeyObject }): string {
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const named = (title: string): Buffer =>
    sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(title)))));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    named(issuer.title),
    sequence(time(new Date(Date.now() - dayMs)), time(new Date(Date.now() + dayMs))),
    named(subject.title),
    subject.key.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...subject.extensions)),
  );
  const signature = sign("sha256", body, issuer.key);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const lines = whole
    .toString("base64")
    .replace(/(.{64})/g, "$1\n")
    .trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const pemOf = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
