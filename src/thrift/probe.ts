/**
 * Finds out whether a silent server was only asked in the wrong transport. A framed server that is sent a bare message takes its first
 * bytes for a length, and the other way round: it waits for more or hangs up, and nobody learns why.
 */
import { type ConnectionSettings, openConnection, type ThriftHost } from "./connection.ts";
import { otherTransport } from "./fault.ts";
import { MessageType } from "./types.ts";
import { thriftWriter, writeMessageBegin, writeStop, writtenBytes } from "./writer.ts";

/** No service has it, so asking for it does nothing: the server answers that it does not know it. */
const method = "which_transport";

/** Waiting longer than this for a diagnosis is worse than not having it. */
const probeMsMax = 2_000;

export async function speaksOtherTransport(
  host: ThriftHost,
  settings: ConnectionSettings,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const transport = otherTransport(settings.transport);
  const connectMs = Math.min(settings.connectMs, probeMsMax);
  const connection = await openConnection(host, { ...settings, transport, connectMs }, signal).catch(() => undefined);
  if (connection === undefined) return false;
  const writer = thriftWriter();
  writeMessageBegin(writer, { name: method, type: MessageType.call, sequence: 1 });
  writeStop(writer);
  const pieces = [writtenBytes(writer)];
  const exchange = await connection.exchange({ method, pieces, answerMs: probeMsMax, signal });
  connection.close();
  return exchange.kind === "message";
}
