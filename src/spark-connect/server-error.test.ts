import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorDetails } from "./details.ts";
import { type Fault, faultOf, isTransient } from "./fault.ts";
import { FetchErrorDetailsResponseSchema } from "./gen/spark_connect_pb.ts";
import { sparkErrorOf } from "./server-error.ts";

const peer = { endpoint: "host:15002", spoke: () => true };
const stranger = { endpoint: "host:15002", spoke: () => false };

function fault(code: Code, message: string, error?: ErrorDetails, retryAfterMs?: number): Fault {
  const cause = new ConnectError(message, code, { "grpc-status": String(code) });
  return { ...faultOf(cause), details: { error, retryAfterMs } };
}

function kindOf(code: Code, error?: ErrorDetails): string {
  return sparkErrorOf(fault(code, "message", error), peer).kind;
}

function details(init: MessageInitShape<typeof FetchErrorDetailsResponseSchema>) {
  return create(FetchErrorDetailsResponseSchema, init);
}

describe("errors of the server", () => {
  test("have a kind by their class, then by their state, then by the call's status", () => {
    const states: readonly [string, string][] = [
      ["42703", "usage"],
      ["42601", "usage"],
      ["0A000", "usage"],
      ["54000", "usage"],
      ["22012", "application"],
      ["21000", "application"],
      ["XX000", "application"],
      ["P0001", "application"],
      ["40001", "conflict"],
      ["28000", "denied"],
    ];
    for (const [sqlState, kind] of states) assert.equal(kindOf(Code.Internal, { sqlState }), kind, sqlState);
    const classes: readonly [string, string][] = [
      ["INVALID_HANDLE.SESSION_CHANGED", "conflict"],
      ["INVALID_HANDLE.SESSION_CLOSED", "conflict"],
      ["OPERATION_CANCELED", "cancelled"],
      ["INVALID_HANDLE.OPERATION_ABANDONED", "unavailable"],
    ];
    for (const [errorClass, kind] of classes) {
      assert.equal(kindOf(Code.Internal, { errorClass, sqlState: "HY000" }), kind, errorClass);
    }
    const codes: readonly [Code, string][] = [
      [Code.Unauthenticated, "denied"],
      [Code.PermissionDenied, "denied"],
      [Code.Unimplemented, "denied"],
      [Code.Unavailable, "unavailable"],
      [Code.Canceled, "cancelled"],
      [Code.Internal, "application"],
      [Code.Unknown, "application"],
    ];
    for (const [code, kind] of codes) assert.equal(kindOf(code), kind, Code[code]);
    assert.equal(kindOf(Code.Internal, { classes: ["java.nio.file.AccessDeniedException"] }), "denied");
  });

  test("are read from the message alone where nothing else came", () => {
    const text = "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012\n== SQL ==\n1/0";
    const { kind, message, detail } = sparkErrorOf(fault(Code.Internal, text), peer);
    assert.deepEqual(
      [kind, message, detail.errorClass, detail.sqlState],
      ["application", text, "DIVIDE_BY_ZERO", "22012"],
    );
    assert.match(detail.remedy ?? "", /try_divide/);
    assert.deepEqual(detail.serverStack, []);
    assert.match(
      sparkErrorOf(fault(Code.Internal, " "), peer).message,
      /host:15002: the server failed and said nothing/,
    );
  });

  test("leave out the plan that follows what is wrong with it", () => {
    const text = "[X] No. SQLSTATE: 42703; line 1 pos 7;\n'Project ['nope]\n+- Range (0, 3)\n";
    assert.equal(sparkErrorOf(fault(Code.Internal, text), peer).message, "[X] No. SQLSTATE: 42703; line 1 pos 7");
    const insert = "[Y] No. SQLSTATE: 42000;\nInsertIntoStatement (x)\n";
    assert.equal(sparkErrorOf(fault(Code.Internal, insert), peer).message, "[Y] No. SQLSTATE: 42000");
  });

  test("are told whole by what was fetched: the class of a cause, contexts, the stack with its causes", () => {
    const fetched = details({
      rootErrorIdx: 0,
      errors: [
        {
          errorTypeHierarchy: ["org.apache.spark.SparkException", "java.lang.Exception"],
          message: "Job aborted due to stage failure, and a longer message than the status had",
          stackTrace: [{ declaringClass: "a.B", methodName: "run", fileName: "B.scala", lineNumber: 5 }],
          causeIdx: 1,
        },
        {
          errorTypeHierarchy: ["org.apache.spark.SparkArithmeticException"],
          message: "Division by zero",
          stackTrace: [{ declaringClass: "c.D", methodName: "div", lineNumber: -1 }],
          sparkThrowable: {
            errorClass: "DIVIDE_BY_ZERO",
            sqlState: "22012",
            messageParameters: { config: "spark.sql.ansi.enabled" },
            queryContexts: [{ startIndex: 7, stopIndex: 9, fragment: "1/0", objectType: "VIEW", objectName: "v" }],
          },
          causeIdx: 0,
        },
      ],
    });
    const { kind, message, detail } = sparkErrorOf(fault(Code.Internal, "Job aborted"), peer, fetched);
    assert.equal(kind, "application");
    assert.match(message, /longer message/);
    assert.equal(detail.errorClass, "DIVIDE_BY_ZERO");
    assert.deepEqual(detail.messageParameters, new Map([["config", "spark.sql.ansi.enabled"]]));
    assert.deepEqual(detail.queryContexts, [
      { objectType: "VIEW", objectName: "v", start: 7, stop: 9, fragment: "1/0", summary: "" },
    ]);
    assert.deepEqual(detail.serverTypes, ["org.apache.spark.SparkException", "java.lang.Exception"]);
    assert.deepEqual(detail.serverStack, [
      "at a.B.run(B.scala:5)",
      "Caused by: org.apache.spark.SparkArithmeticException: Division by zero",
      "at c.D.div(Unknown Source)",
    ]);
  });

  test("that were fetched in disorder end as well", () => {
    for (const init of [{}, { rootErrorIdx: 5 }, { rootErrorIdx: -1, errors: [{ message: "x" }] }]) {
      assert.equal(sparkErrorOf(fault(Code.Internal, "[A] b"), peer, details(init)).detail.errorClass, "A");
    }
  });
});

describe("trouble with a connection", () => {
  function trouble(message: string, code: Code, systemCode?: string) {
    const cause = systemCode === undefined ? undefined : Object.assign(new Error(message), { code: systemCode });
    return faultOf(new ConnectError(message, code, undefined, undefined, cause));
  }

  test("has a kind, one line and a remedy", () => {
    const cases: readonly [Fault, string, RegExp][] = [
      [trouble("refused", Code.Unavailable, "ECONNREFUSED"), "unavailable", /nothing listens there/],
      [trouble("no host", Code.Unavailable, "ENOTFOUND"), "unavailable", /name is unknown/],
      [
        trouble("self-signed", Code.Internal, "DEPTH_ZERO_SELF_SIGNED_CERT"),
        "denied",
        /certificate is signed by nobody/,
      ],
      [trouble("expired", Code.Internal, "CERT_HAS_EXPIRED"), "denied", /certificate/],
      [trouble("name", Code.Internal, "ERR_TLS_CERT_ALTNAME_INVALID"), "denied", /another host's/],
      [trouble("ssl\n", Code.Internal, "ERR_SSL_WRONG_VERSION_NUMBER"), "denied", /does not speak TLS/],
      [trouble("Protocol error", Code.Internal, "ERR_HTTP2_ERROR"), "denied", /does not speak HTTP\/2/],
      [trouble("HTTP 404", Code.Unimplemented), "denied", /not as a Spark Connect server/],
      [trouble("unsupported content type text/html", Code.Unknown), "denied", /not as a Spark Connect server/],
      [trouble("message size 9 is larger than configured readMaxBytes 1", Code.ResourceExhausted), "denied", /limit/],
      [trouble("no answer", Code.DeadlineExceeded), "unavailable", /does not answer/],
      [trouble("reset", Code.Aborted, "ECONNRESET"), "unavailable", /ended the connection without an answer/],
    ];
    for (const [one, kind, fact] of cases) {
      const error = sparkErrorOf(one, stranger);
      assert.equal(error.kind, kind, error.message);
      assert.match(error.message, fact);
      assert.match(error.message, /^host:15002: /);
      assert.ok(!error.message.includes("\n") && error.detail.remedy !== undefined, error.message);
    }
    assert.equal(sparkErrorOf(trouble("parse binary: no", Code.Internal), peer).kind, "corrupt");
  });

  test("is waited out where that may help", () => {
    const passing = [
      trouble("refused", Code.Unavailable, "ECONNREFUSED"),
      trouble("reset", Code.Aborted, "ECONNRESET"),
      trouble("protocol error: incomplete envelope", Code.InvalidArgument),
      trouble("HTTP 503", Code.Unavailable),
      fault(Code.Unavailable, "draining"),
      fault(Code.Internal, "[INVALID_CURSOR.DISCONNECTED] another one reads"),
      fault(Code.Internal, "x", { errorClass: "INVALID_CURSOR.DISCONNECTED" }),
      fault(Code.ResourceExhausted, "busy", undefined, 10),
    ];
    for (const one of passing) assert.equal(isTransient(one, true), true, one.message);
    const final = [
      trouble("self-signed", Code.Internal, "DEPTH_ZERO_SELF_SIGNED_CERT"),
      trouble("parse binary: no", Code.Internal),
      trouble("message size 9 is larger than configured readMaxBytes 1", Code.ResourceExhausted),
      trouble("HTTP 404", Code.Unimplemented),
      fault(Code.Internal, "[DIVIDE_BY_ZERO] no"),
      fault(Code.Unauthenticated, "token"),
      fault(Code.ResourceExhausted, "too large"),
    ];
    for (const one of final) assert.equal(isTransient(one, true), false, one.message);
    // A wrong name, or a port that swallows everything, is no server that went away.
    assert.equal(isTransient(trouble("no host", Code.Unavailable, "ENOTFOUND"), false), false);
    assert.equal(isTransient(trouble("no answer", Code.DeadlineExceeded), false), false);
    assert.equal(isTransient(trouble("no host", Code.Unavailable, "EAI_AGAIN"), true), true);
    assert.equal(isTransient(trouble("no answer", Code.DeadlineExceeded), true), true);
  });
});
