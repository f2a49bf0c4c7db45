/** The client against servers and networks that misbehave: what it says, what it does again, and what it never does. */
import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:net";
import test, { type TestContext } from "node:test";
import { Failure } from "../../src/errors.ts";
import { isOutcomeUnknown } from "../../src/thrift/errors.ts";
import { MessageType } from "../../src/thrift/types.ts";
import { writeI32Field } from "../../src/thrift/writer.ts";
import { answerTo, type Behave, echo, fakeClient, fakeServer, honest, listen } from "./servers.ts";

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const error: unknown = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof Failure, String(error));
  return error;
}

/** Misbehaves as told until it was done `times` times, then is honest. */
function once(behave: Behave, times = 1): Behave {
  let left = times;
  return (call, message) => {
    left -= 1;
    (left >= 0 ? behave : honest)(call, message);
  };
}

/** What takes an answer away after the call was received. */
const losses: Readonly<Record<string, Behave>> = {
  "closed before the answer": ({ socket }) => socket.end(),
  "reset before the answer": ({ socket }) => socket.resetAndDestroy(),
  "closed in the middle": ({ socket }, message) => socket.end(message.subarray(0, message.length >> 1)),
  "reset in the middle": ({ socket }, message) => {
    socket.write(message.subarray(0, message.length >> 1), () => setImmediate(() => socket.resetAndDestroy()));
  },
};

for (const [name, behave] of Object.entries(losses)) {
  test(`${name}: only an idempotent call is made again, any other has an unknown outcome`, async (context) => {
    const server = await fakeServer(context, { behave: once(behave) });
    const client = fakeClient(context, [server.host]);
    const failure = await failureOf(echo(client, "a"));
    assert.deepEqual([failure.kind, isOutcomeUnknown(failure), server.calls.length], ["unavailable", true, 1]);
    assert.equal(await echo(client, "b"), "b");

    const again = await fakeServer(context, { behave: once(behave) });
    const second = fakeClient(context, [again.host]);
    assert.equal(await echo(second, "c", { isIdempotent: true }), "c");
    assert.deepEqual([again.calls.length, again.accepted()], [2, 2]);

    const never = await fakeServer(context, { behave });
    const last = await failureOf(echo(fakeClient(context, [never.host]), "d", { isIdempotent: true }));
    assert.deepEqual([last.kind, isOutcomeUnknown(last), echoes(never.calls)], ["unavailable", false, 2]);
  });
}

/** Without the question for another transport, which a server gets that has never answered. */
function echoes(calls: readonly { readonly method: string }[]): number {
  return calls.filter(({ method }) => method === "echo").length;
}

test("an answer that is cut at any byte is lost, and never half of one is read", async (context) => {
  let cut = 0;
  const server = await fakeServer(context, { behave: ({ socket }, message) => socket.end(message.subarray(0, cut)) });
  const whole = answerTo({ method: "echo", sequence: 1, text: "abc" }).length;
  const client = fakeClient(context, [server.host]);
  for (cut = 1; cut < whole; cut++) {
    const failure = await failureOf(echo(client, "abc"));
    assert.deepEqual([failure.kind, isOutcomeUnknown(failure)], ["unavailable", true], failure.message);
    assert.match(failure.message, new RegExp(`after ${cut} bytes of its answer`));
  }
});

test("an answer that comes after the deadline is nobody's: the next call gets its own", async (context) => {
  const late: (() => void)[] = [];
  const behave = once(({ socket }, message) => {
    late.push(() => socket.write(message));
  });
  const server = await fakeServer(context, { behave });
  const client = fakeClient(context, [server.host], { connectionsMax: 1 });
  const failure = await failureOf(echo(client, "old", { callMs: 30 }));
  assert.deepEqual([failure.kind, isOutcomeUnknown(failure)], ["unavailable", true]);
  assert.match(failure.message, /no answer within 30 ms/);
  const next = echo(client, "new");
  for (const answer of late) answer();
  assert.equal(await next, "new");
});

test("the deadline is for the whole answer, however steadily it trickles", async (context) => {
  const timers = new Set<NodeJS.Timeout>();
  context.after(() => timers.forEach(clearInterval));
  const behave: Behave = ({ socket }, message) => {
    let at = 0;
    timers.add(setInterval(() => socket.write(message.subarray(at, ++at)), 5));
  };
  const server = await fakeServer(context, { behave });
  const client = fakeClient(context, [server.host]);
  const begun = performance.now();
  const failure = await failureOf(echo(client, "x".repeat(20_000), { callMs: 60 }));
  assert.match(failure.message, /no more than \d+ bytes of an answer within 60 ms/);
  assert.equal(isOutcomeUnknown(failure), true);
  assert.ok(performance.now() - begun < 30_000);
});

test("a host that connects and never says anything is left for the next one", async (context) => {
  const silent = await fakeServer(context, { behave: () => undefined });
  const server = await fakeServer(context);
  const client = fakeClient(context, [silent.host, server.host]);
  assert.equal(await echo(client, "a", { isIdempotent: true, callMs: 30 }), "a");
  assert.deepEqual([silent.calls.length, server.calls.length], [1, 1]);
});

test("a server that does not finish connecting is given up at the deadline", async (context) => {
  const silent = await listen(
    context,
    createServer(() => undefined),
  );
  // TCP is connected, TLS never is.
  const client = fakeClient(context, [silent], { connectMs: 30, tls: {} });
  const failure = await failureOf(echo(client, "a"));
  assert.deepEqual([failure.kind, isOutcomeUnknown(failure)], ["unavailable", false]);
  assert.match(failure.message, /no connection within 30 ms/);
});

const strangers: Readonly<Record<string, Behave>> = {
  "of another call": ({ socket, ...call }) => socket.write(answerTo({ ...call, sequence: call.sequence - 1 })),
  "of another method": ({ socket, ...call }) => socket.write(answerTo({ ...call, method: "ohce" })),
  "that is a call": ({ socket, ...call }) => socket.write(answerTo({ ...call, type: MessageType.call })),
  "with more behind it": ({ socket }, message) => socket.write(Buffer.concat([message, message])),
  "that is larger than allowed": ({ socket }) =>
    socket.write(answerTo({ method: "echo", sequence: 1, text: "x".repeat(1 << 20) })),
  "whose text says that it is enormous": ({ socket }, message) => {
    message.writeInt32BE(0x7fffffff, message.length - 6);
    socket.write(message);
  },
  "whose text is no UTF-8": ({ socket }, message) => {
    message[message.length - 2] = 0xff;
    socket.write(message);
  },
  "of another type": ({ socket, ...call }) =>
    socket.write(answerTo({ ...call, writeBody: (writer) => writeI32Field(writer, 0, 1) })),
};

for (const [name, behave] of Object.entries(strangers)) {
  test(`an answer ${name} is corrupt, the outcome is unknown, and the next call gets its own`, async (context) => {
    const server = await fakeServer(context, { behave: once(behave, 2) });
    const client = fakeClient(context, [server.host]);
    const failure = await failureOf(echo(client, "a"));
    assert.deepEqual([failure.kind, isOutcomeUnknown(failure)], ["corrupt", true], failure.message);
    assert.match(failure.message, /^fake .*: echo: Thrift message, byte \d+: /);
    const harmless = await failureOf(echo(client, "a", { isIdempotent: true }));
    assert.deepEqual([harmless.kind, isOutcomeUnknown(harmless)], ["corrupt", false]);
    assert.equal(await echo(client, "b"), "b");
  });
}

test("bytes that nobody asked for close the connection", async (context) => {
  const server = await fakeServer(context);
  const client = fakeClient(context, [server.host]);
  assert.equal(await echo(client, "a"), "a");
  server.calls[0]?.socket.write("surprise");
  while (server.open() > 0) await new Promise(setImmediate);
  assert.equal(await echo(client, "b"), "b");
  assert.equal(server.accepted(), 2);
});

/** Answers whatever is said to it with these bytes. */
const saying =
  (bytes: string | Buffer) =>
  (context: TestContext): ReturnType<typeof listen> =>
    listen(
      context,
      createServer((socket) => void socket.once("data", () => socket.write(bytes))),
    );

/** Speaks first, as some protocols do. */
const greeting =
  (bytes: string | Buffer) =>
  (context: TestContext): ReturnType<typeof listen> =>
    listen(
      context,
      createServer((socket) => void socket.write(bytes)),
    );

const others: Readonly<Record<string, (context: TestContext) => ReturnType<typeof listen>>> = {
  HTTP: (context) => listen(context, createHttpServer()),
  "HTTP/2 (gRPC)": (context) => {
    const server = createHttp2Server();
    server.on("sessionError", () => undefined);
    return listen(context, server);
  },
  SSH: greeting("SSH-2.0-OpenSSH_9.9\r\n"),
  PostgreSQL: saying(Buffer.from("E\0\0\0\x60SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol\0\0")),
  MySQL: greeting(Buffer.from("\x4a\0\0\0\x0a8.4.3\0")),
  Redis: saying("-ERR unknown command\r\n"),
  TLS: saying(Buffer.from([0x15, 3, 3, 0, 2, 2, 10])),
  "a mail or FTP server": greeting("220 mail.example.com ESMTP\r\n"),
  'the text "+OK hello…"': greeting("+OK hello and some more than is worth showing\r\n"),
  'the text "hi"': greeting("hi\n"),
  "the bytes ffffffffffffffffffffffff": saying(Buffer.alloc(12, 255)),
};

for (const transport of ["buffered", "framed"] as const) {
  for (const [seen, serve] of Object.entries(others)) {
    test(`${transport}: a port where ${seen} answers is named as that`, async (context) => {
      const client = fakeClient(context, [await serve(context)], { transport });
      const failure = await failureOf(echo(client, "a", { callMs: 300 }));
      const text = seen.replace("…", "");
      assert.ok(
        failure.message.includes(`not a Thrift port: it answers as ${text.replace(/"$/, "")}`),
        failure.message,
      );
      assert.deepEqual([failure.kind, isOutcomeUnknown(failure)], ["denied", false]);
    });
  }
}

for (const transport of ["buffered", "framed"] as const) {
  const other = transport === "framed" ? "buffered" : "framed";
  const says = new RegExp(`the server speaks the ${other} transport, not the ${transport} one`);
  const wrong = { kind: "denied", message: says };

  test(`${transport}: a ${other} server that hangs up is recognised`, async (context) => {
    const server = await fakeServer(context, { transport: other });
    await assert.rejects(echo(fakeClient(context, [server.host], { transport }), "a"), wrong);
    assert.deepEqual(
      server.calls.map(({ method }) => method),
      ["which_transport"],
    );
  });

  test(`${transport}: a ${other} server that waits for more is recognised`, async (context) => {
    const honestServer = await fakeServer(context, { transport: other });
    let first = true;
    // The first connection meets silence, the next one the server: as if it were waiting for the rest of a message.
    const host = await listen(
      context,
      createServer((socket) => {
        if (first) {
          first = false;
          return;
        }
        void import("node:net").then(({ connect }) => {
          const plain = connect(honestServer.host.port, honestServer.host.host);
          plain.on("error", () => socket.destroy()).pipe(socket);
          socket.on("error", () => plain.destroy()).pipe(plain);
        });
      }),
    );
    await assert.rejects(echo(fakeClient(context, [host], { transport }), "a", { callMs: 30 }), wrong);
  });

  test(`${transport}: a server that understands both and answers ${other} is recognised`, async (context) => {
    const behave: Behave = ({ socket, ...call }) => socket.write(answerTo(call, other));
    const server = await fakeServer(context, { transport, behave });
    await assert.rejects(echo(fakeClient(context, [server.host], { transport }), "a"), wrong);
  });
}

test("a silent server that is none in any transport stays a silent server", async (context) => {
  const host = await listen(
    context,
    createServer((socket) => void socket.once("data", () => socket.end())),
  );
  const failure = await failureOf(echo(fakeClient(context, [host]), "a"));
  assert.deepEqual([failure.kind, isOutcomeUnknown(failure)], ["unavailable", true]);
  assert.match(failure.detail.remedy ?? "", /without TLS and Kerberos/);
});

test("a call is stopped by its signal while it waits for its turn, for a connection and for an answer", async (context) => {
  const server = await fakeServer(context, { behave: () => undefined });
  const client = fakeClient(context, [server.host], { connectionsMax: 1 });
  const answering = new AbortController();
  const queueing = new AbortController();
  const first = failureOf(echo(client, "a", { signal: answering.signal, isIdempotent: true }));
  const second = failureOf(echo(client, "b", { signal: queueing.signal }));
  while (server.calls.length === 0) await new Promise(setImmediate);
  queueing.abort();
  assert.equal((await second).kind, "cancelled");
  answering.abort(new Failure("unavailable", "the run is out of time"));
  assert.equal((await first).message, "the run is out of time");
  assert.equal(server.calls.length, 1);
  while (server.open() > 0) await new Promise(setImmediate);

  const silent = await listen(
    context,
    createServer(() => undefined),
  );
  const connecting = new AbortController();
  const third = failureOf(echo(fakeClient(context, [silent], { tls: {} }), "c", { signal: connecting.signal }));
  setImmediate(() => connecting.abort());
  assert.equal((await third).kind, "cancelled");
  const fourth = failureOf(echo(client, "d", { signal: AbortSignal.abort() }));
  assert.equal((await fourth).kind, "cancelled");
});

test("a call that is stopped right behind its beginning sends nothing", async (context) => {
  const server = await fakeServer(context);
  const client = fakeClient(context, [server.host]);
  await echo(client, "a");
  const stop = new AbortController();
  const call = failureOf(echo(client, "b", { signal: stop.signal }));
  stop.abort();
  assert.equal((await call).kind, "cancelled");
  assert.equal(await echo(client, "c"), "c");
  assert.deepEqual(
    server.calls.map(({ text }) => text),
    ["a", "c"],
  );
});

test("closing stops the calls that are under way and those that wait, and there is none afterwards", async (context) => {
  const server = await fakeServer(context, { behave: () => undefined });
  const client = fakeClient(context, [server.host], { connectionsMax: 1 });
  const calls = ["a", "b"].map((text) => failureOf(echo(client, text, { isIdempotent: true })));
  while (server.calls.length === 0) await new Promise(setImmediate);
  client.close();
  for (const call of calls) assert.equal((await call).kind, "cancelled");
  assert.equal((await failureOf(echo(client, "c"))).kind, "cancelled");
  assert.equal(server.calls.length, 1);
  while (server.open() > 0) await new Promise(setImmediate);
});
