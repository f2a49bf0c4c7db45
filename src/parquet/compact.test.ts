import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { Failure } from "../errors.ts";
import { CompactReader } from "./compact-reader.ts";
import { COMPACT, CompactWriter } from "./compact-writer.ts";

test("fields of all kinds are read back", () => {
  const out = new CompactWriter(1);
  out.int32(1, -7);
  out.int64(2, 2 ** 40 + 1);
  out.bool(3, true);
  out.bool(4, false);
  out.binary(20, "text");
  out.list(21, COMPACT.i32, 20);
  for (let i = 0; i < 20; i++) out.int32Element(-i);
  out.struct(22, () => out.struct(5, () => out.int32(1, 9)));
  out.list(23, COMPACT.struct, 2);
  for (let i = 0; i < 2; i++) out.structElement(() => out.binary(1, Uint8Array.of(i)));
  const read = new CompactReader(out.finish()).struct();
  assert.deepEqual(
    [...read],
    [
      [1, -7],
      [2, 2 ** 40 + 1],
      [3, true],
      [4, false],
      [20, Uint8Array.from(Buffer.from("text"))],
      [21, Array.from({ length: 20 }, (_, i) => 0 - i)],
      [22, new Map([[5, new Map([[1, 9]])]])],
      [23, [new Map([[1, Uint8Array.of(0)]]), new Map([[1, Uint8Array.of(1)]])]],
    ],
  );
});

test("fields that nobody wants are passed over", () => {
  const out = new CompactWriter();
  out.list(1, COMPACT.struct, 1);
  out.structElement(() => {
    out.bool(1, true);
    out.list(2, COMPACT.binary, 1);
    out.binaryElement("x");
  });
  out.int32(300, 5);
  assert.deepEqual([...new CompactReader(out.finish()).struct(new Set([300]))], [[300, 5]]);
});

test("whatever the bytes, the answer is a struct or a corrupt failure", (t) => {
  const settings = runSettings(2_000);
  t.diagnostic(`seed ${settings.seed}`);
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x1c, 0x19, 0x18, 0x9c, 0xfc, 0xff, 0x15));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.boolean(), (bytes, all) => {
      try {
        new CompactReader(Uint8Array.from(bytes)).struct(all ? undefined : new Set([5]));
      } catch (error) {
        assert.ok(error instanceof Failure && error.kind === "corrupt", String(error));
      }
    }),
    settings,
  );
});

test("nesting without end is refused", () => {
  assert.throws(() => new CompactReader(new Uint8Array(100_000).fill(0x1c)).struct(), /nested too deeply/);
  assert.throws(
    () => new CompactReader(new Uint8Array(100_000).fill(0x19)).struct(new Set()),
    /corrupt|nested|longer|ends/,
  );
});
