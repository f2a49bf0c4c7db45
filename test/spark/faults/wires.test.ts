/** A sample of what `wires.deep.test.ts` does in full. */
import test from "node:test";
import { cutBytes } from "./wires.ts";

test("a connection that ends after some number of bytes", (context) => cutBytes(context, 211, 1));
test("three connections in a row that do", (context) => cutBytes(context, 1511, 3));
