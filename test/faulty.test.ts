import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Failure } from "../src/errors.ts";
import type { Storage } from "../src/storage/contract.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { CrashSignal, faulty, faultyStorage, isCrash, makeFaults, noFault, oneFault } from "./faulty.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-faulty-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const storageOf = (): Storage => memoryStorage({ scratchRoot: join(directory, "scratch") });
const body = Buffer.from("a body of some length");

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof CrashSignal) return "crash";
    if (error instanceof Failure) return error.kind;
    throw error;
  }
}

async function readAll(storage: Storage, key: string): Promise<string> {
  let text = "";
  for await (const chunk of storage.read(key)) text += Buffer.from(chunk).toString();
  return text;
}

describe("faulty", () => {
  test("without a fault it only counts", async () => {
    const { port, calls } = faulty(storageOf(), noFault);
    await port.put("a/b", body);
    assert.equal(await readAll(port, "a/b"), body.toString());
    assert.equal(port.locate("a/b"), undefined);
    assert.equal(port.name, "memory");
    assert.deepEqual(calls, ["put a/b", "read a/b"]);
  });

  const effects = [
    { fault: "before", answer: "unavailable", there: false },
    { fault: "lost", answer: "unavailable", there: true },
    { fault: "partial", answer: "unavailable", there: false },
    { fault: "stall", answer: "unavailable", there: false },
    { fault: "crash-before", answer: "crash", there: false },
    { fault: "crash-after", answer: "crash", there: true },
  ] as const;
  for (const { fault, answer, there } of effects) {
    test(`a put with the fault ${fault}: ${answer}, object ${there ? "there" : "not there"}`, async () => {
      const inner = storageOf();
      const { port, crashed } = faulty(inner, oneFault(2, fault));
      await port.head("x");
      assert.equal(await outcome(port.put("x", body)), answer);
      assert.equal((await inner.head("x")) !== undefined, there);
      assert.equal(crashed(), answer === "crash");
      assert.equal(await outcome(port.head("x")), answer === "crash" ? "crash" : "done");
    });
  }

  test("a stream breaks after its first piece, or within it", async () => {
    const inner = storageOf();
    await inner.put("x", body);
    for (const [fault, length] of [
      ["lost", body.length],
      ["partial", body.length >> 1],
      ["before", 0],
      ["crash-after", body.length],
    ] as const) {
      const { port } = faulty(inner, oneFault(1, fault));
      let seen = 0;
      const reading = (async () => {
        for await (const chunk of port.read("x")) seen += chunk.length;
      })();
      assert.equal(await outcome(reading), fault === "crash-after" ? "crash" : "unavailable");
      assert.equal(seen, length, fault);
    }
  });

  test("a stall ends with the caller's signal", async () => {
    const { port } = faulty(storageOf(), oneFault(1, "stall"));
    const controller = new AbortController();
    const work = outcome(port.put("x", body, { signal: controller.signal }));
    controller.abort();
    assert.equal(await work, "cancelled");
  });

  test("after a crash nothing is cleaned up, in no port that shares the state", async () => {
    const state = makeFaults(oneFault(2, "crash-before"));
    const one = faultyStorage(storageOf(), state).port;
    const two = faultyStorage(storageOf(), state).port;
    const scratch = await one.scratch("left");
    assert.equal(await outcome(two.put("x", body)), "crash");
    assert.equal(await outcome(scratch.dispose()), "crash");
    assert.ok(existsSync(scratch.directory));
    assert.equal(await outcome(one.head("x")), "crash");
    assert.deepEqual(state.calls, ["scratch left", "put x"]);
  });

  test("a crash is recognized through the failures made of it", () => {
    const crash = new CrashSignal("here");
    assert.ok(isCrash(new Failure("bug", "outer", { cause: new Failure("bug", "inner", { cause: crash }) })));
    assert.ok(!isCrash(new Failure("bug", "outer")));
  });

  test("a method that the shape does not name is a mistake, not a hole", () => {
    const { port } = faultyStorage({ ...storageOf(), ...{ extra: () => 1 } }, makeFaults(noFault));
    assert.throws(() => Reflect.get(port, "extra"), TypeError);
  });
});
