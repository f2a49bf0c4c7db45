/**
 * Finds out whether a silent server was only asked in the wrong way. A framed server that is sent a bare message takes its first bytes
 * for a length, and the other way round: it waits for more or hangs up, and nobody learns why. Neither does one that wants TLS.
 */
import { type ConnectionSettings, type Exchange, openConnection, type ThriftHost } from "./connection.ts";
import { otherTransport } from "./fault.ts";
import { MessageType } from "./types.ts";
import { thriftWriter, writeMessageBegin, writeStop, writtenBytes } from "./writer.ts";

/** No service has it, so asking for it does nothing: the server answers that it does not know it. */
const method = "which_transport";

/** Waiting longer than this for a diagnosis is worse than not having it. */
const probeMsMax = 2_000;

type Diagnosis = Extract<Exchange, { readonly kind: "other transport" | "foreign" }>;

/** As an exchange would have told, had the server said it. */
export async function whySilent(
  host: ThriftHost,
  settings: ConnectionSettings,
  signal: AbortSignal | undefined,
): Promise<Diagnosis | undefined> {
  const connectMs = Math.min(settings.connectMs, probeMsMax);
  const [isOther, isTls] = await Promise.all([
    speaksOtherTransport(host, { ...settings, connectMs }, signal),
    settings.tls === undefined && speaksTls(host, { ...settings, connectMs }, signal),
  ]);
  if (isOther) return { kind: "other transport" };
  return isTls ? { kind: "foreign", seen: "TLS" } : undefined;
}

async function speaksOtherTransport(
  host: ThriftHost,
  settings: ConnectionSettings,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const transport = otherTransport(settings.transport);
  const connection = await openConnection(host, { ...settings, transport }, signal).catch(() => undefined);
  if (connection === undefined) return false;
  const writer = thriftWriter();
  writeMessageBegin(writer, { name: method, type: MessageType.call, sequence: 1 });
  writeStop(writer);
  const pieces = [writtenBytes(writer)];
  const exchange = await connection.exchange({ method, pieces, answerMs: probeMsMax, signal });
  connection.close();
  return exchange.kind === "message";
}

/** Whoever it is: nothing is sent to it. */
async function speaksTls(
  host: ThriftHost,
  settings: ConnectionSettings,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const tls = { rejectUnauthorized: false } as const;
  const connection = await openConnection(host, { ...settings, tls }, signal).catch(() => undefined);
  connection?.close();
  return connection !== undefined;
}
