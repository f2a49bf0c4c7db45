/** The least of PostgreSQL's protocol: statements in, rows as texts out, for a user who is trusted. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface PostgresAddress {
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** A row; `undefined` is NULL. */
export type Row = readonly (string | undefined)[];

/** Runs statements, all in one transaction unless they say otherwise; the rows of all of them. */
export async function query(address: PostgresAddress, text: string): Promise<readonly Row[]> {
  const socket = connect(address.port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write(startup(address));
    const messages = readMessages(socket);
    await untilReady(messages);
    socket.write(message("Q", cString(text)));
    const rows = await untilReady(messages);
    socket.write(message("X", Buffer.alloc(0)));
    return rows;
  } finally {
    socket.destroy();
  }
}

/** Whether a server there lets somebody in: one that starts or ends does not. */
export async function letsIn(address: PostgresAddress): Promise<boolean> {
  const socket = connect(address.port, "127.0.0.1");
  socket.setTimeout(5_000, () => socket.destroy());
  try {
    await once(socket, "connect");
    socket.write(startup(address));
    for await (const { type } of readMessages(socket)) return type === "R";
    return false;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

interface Message {
  readonly type: string;
  readonly body: Buffer;
}

function startup({ user, database }: PostgresAddress): Buffer {
  // Version 3.0.
  const version = Buffer.from([0, 3, 0, 0]);
  const body = Buffer.concat([version, ...["user", user, "database", database, ""].map(cString)]);
  return Buffer.concat([lengthOf(body), body]);
}

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

const message = (type: string, body: Buffer): Buffer => Buffer.concat([Buffer.from(type), lengthOf(body), body]);

function lengthOf(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return length;
}

async function* readMessages(socket: Socket): AsyncGenerator<Message, undefined> {
  let rest = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const length = rest.length < 5 ? Number.POSITIVE_INFINITY : rest.readUInt32BE(1) + 1;
      if (rest.length < length) break;
      yield { type: rest.toString("latin1", 0, 1), body: rest.subarray(5, length) };
      rest = rest.subarray(length);
    }
  }
  return undefined;
}

/** The rows until the server waits for the next statement. */
async function untilReady(messages: AsyncGenerator<Message, undefined>): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let wrong: string | undefined;
  for (;;) {
    const { value } = await messages.next();
    if (value === undefined) throw new Error(wrong ?? "PostgreSQL: the connection ended");
    const { type, body } = value;
    if (type === "Z" && wrong !== undefined) throw new Error(wrong);
    if (type === "Z") return rows;
    if (type === "D") rows.push(rowOf(body));
    if (type === "R" && body.readUInt32BE(0) !== 0) throw new Error("PostgreSQL: asks for a password");
    // A severity, a code, a message: each with a letter before it.
    if (type === "E") wrong = `PostgreSQL: ${body.toString("utf8").split("\0").join(" ")}`;
  }
}

function rowOf(body: Buffer): Row {
  const row: (string | undefined)[] = [];
  let at = 2;
  for (let many = body.readUInt16BE(0); many > 0; many--) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? undefined : body.toString("utf8", at, at + length));
    at += Math.max(0, length);
  }
  return row;
}
