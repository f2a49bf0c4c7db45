/** What a server says about an error may be missing, cut or garbled: the error itself always arrives. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { SparkError } from "../../../src/spark-connect/errors.ts";
import { answerOf } from "./arrow-rows.ts";
import type { Rule } from "./connect-proxy.ts";
import { sparkStatus } from "./fake-spark.ts";
import { failureOf, within } from "./outcome.ts";
import { rowsOf, type Scene, setScene } from "./scene.ts";
import { codes, trailersOf } from "./statuses.ts";

const errorClass = "DIVIDE_BY_ZERO";
const status = sparkStatus(errorClass, "22012", { errorId: "the-error" });

async function failing(scene: Scene) {
  scene.spark.script = () => ({ bodies: [], end: status });
  scene.spark.errorDetails.set("the-error", {
    rootErrorIdx: 0,
    errors: [
      {
        errorTypeHierarchy: ["org.apache.spark.SparkArithmeticException", "java.lang.Exception"],
        message: `[${errorClass}] the whole of what it says. SQLSTATE: 22012`,
        stackTrace: [{ declaringClass: "a.B", methodName: "c", fileName: "B.scala", lineNumber: 3 }],
        causeIdx: 1,
        sparkThrowable: {
          errorClass,
          sqlState: "22012",
          messageParameters: { config: "x" },
          queryContexts: [{ startIndex: 7, stopIndex: 9, fragment: "1/0", summary: "here" }],
        },
      },
      { errorTypeHierarchy: ["java.lang.ArithmeticException"], message: "/ by zero", causeIdx: 0 },
    ],
  });
  const session = await scene.connect();
  return async (): Promise<SparkError> => {
    const failure = await within(15_000, "an error", failureOf(rowsOf(session)));
    assert.ok(failure instanceof SparkError, `${failure}`);
    assert.equal(failure.detail.errorClass, errorClass, failure.message);
    assert.equal(failure.detail.sqlState, "22012");
    assert.equal(failure.kind, "application");
    assert.match(failure.message, /DIVIDE_BY_ZERO/);
    return failure;
  };
}

suite("details of errors", { concurrency: 4 }, () => {
  test("with everything in place the whole of it arrives, and causes that go round in circles end", async (context) => {
    const fail = await failing(await setScene(context));
    const { message, detail } = await fail();
    assert.match(message, /the whole of what it says/);
    assert.equal(detail.queryContexts?.[0]?.fragment, "1/0");
    assert.equal(detail.messageParameters?.get("config"), "x");
    assert.ok((detail.serverStack ?? []).length < 10);
  });

  const strikes: Readonly<Record<string, ReturnType<Rule>>> = {
    "the connection is cut before the server is asked": { at: "request", harm: "reset" },
    "the connection is cut before the details": { at: "forwarded", harm: "reset" },
    "the connection is cut behind them": { at: { after: 1 }, harm: "reset" },
    "the server does not know the call": { at: "request", harm: { status: { code: 12, message: "unimplemented" } } },
    "the server is busy": { at: "request", harm: { status: { code: codes.unavailable, message: "busy" } } },
    "the session has gone meanwhile": {
      at: "request",
      harm: { status: sparkStatus("INVALID_HANDLE.SESSION_CHANGED", "HY000") },
    },
    "nothing is answered": { at: "request", harm: "stall" },
    "nothing comes behind the headers": { at: { before: 1 }, harm: "stall" },
  };

  for (const [name, strike] of Object.entries(strikes)) {
    test(`${name}: the error stays what it is`, async (context) => {
      const scene = await setScene(context);
      const fail = await failing(scene);
      scene.proxy.rule = ({ rpc }) => (rpc === "FetchErrorDetails" ? strike : undefined);
      await fail();
      assert.ok(scene.proxy.struck >= 1);
      scene.proxy.reset();
      await fail();
      await scene.assertNothingLeft();
    });
  }

  const garblings: Readonly<Record<string, (message: Uint8Array) => Uint8Array>> = {
    "cut in the middle": (message) => message.subarray(0, message.length >> 1),
    empty: () => new Uint8Array(),
    "of noise": (message) => message.map((byte, at) => byte ^ ((at * 37) & 0xff)),
    "with an index that leads nowhere": () => new Uint8Array([8, 99]),
    "with a negative index": () => new Uint8Array([8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
  };

  for (const [name, damage] of Object.entries(garblings)) {
    test(`details ${name}: the error stays what it is`, async (context) => {
      const scene = await setScene(context);
      const fail = await failing(scene);
      scene.server.handler = (call) => {
        if (call.rpc === "FetchErrorDetails") call.reply.damage = damage;
        return scene.spark.handle(call);
      };
      await fail();
      await scene.assertNothingLeft();
    });
  }

  test("the trailer itself is cut after every number of characters, or is noise", async (context) => {
    const scene = await setScene(context);
    const fail = await failing(scene);
    const trailers = trailersOf(status);
    const text = trailers["grpc-status-details-bin"] ?? "";
    const cuts = Array.from({ length: Math.ceil(text.length / 5) }, (_, at) => text.slice(0, at * 5));
    for (const details of [...cuts, "%%%", "AAAA", "////////"]) {
      scene.server.handler = (call) => {
        if (call.rpc !== "ExecutePlan") return scene.spark.handle(call);
        return call.reply.endWith({ ...trailers, "grpc-status-details-bin": details });
      };
      await fail();
    }
  });

  test("an error in the middle of rows is an error, whatever was read before", async (context) => {
    const scene = await setScene(context);
    const fail = await failing(scene);
    for (const bodies of [answerOf(0), answerOf(1), answerOf(20)]) {
      scene.spark.script = () => ({ bodies, end: status });
      await fail();
      await scene.assertNothingLeft();
    }
  });
});
