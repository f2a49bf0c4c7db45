import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { substitute, wholeReference } from "./substitute.ts";

const environment = { A: "1", EMPTY: "", NESTED: `\${A}` };

describe("substitution", () => {
  it("replaces variables, once", () => {
    const table: readonly (readonly [string, string])[] = [
      ["plain", "plain"],
      [`\${A}`, "1"],
      [`x\${A}y\${A}`, "x1y1"],
      [`\${EMPTY}`, ""],
      [`\${EMPTY:-2}`, "2"],
      [`\${NO:-2}`, "2"],
      [`\${NO:-}`, ""],
      [`\${NO:-a:-b}`, "a:-b"],
      // What a variable holds is not looked at again.
      [`\${NESTED}`, `\${A}`],
      [`$\${A}`, `\${A}`],
      [`$$\${A}`, `$\${A}`],
      ["$A", "$A"],
      ["a $ b", "a $ b"],
      ["^x$", "^x$"],
    ];
    for (const [text, expected] of table)
      assert.deepEqual(substitute(text, environment), { text: expected, failed: [] }, text);
  });

  it("names what is missing, with its offset", () => {
    const { failed } = substitute(`a \${NO} \${ALSO}`, environment);
    assert.deepEqual(
      failed.map(({ offset, fact }) => [offset, fact]),
      [
        [2, "the variable NO is not set"],
        [8, "the variable ALSO is not set"],
      ],
    );
    for (const text of [`\${}`, `\${1A}`, `\${A`, `\${A:?x}`, `\${A-b}`, `\${a b}`]) {
      assert.equal(substitute(text, environment).failed.length, 1, text);
    }
  });

  it("leaves any text without a variable alone", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!text.includes(`\${`)) assert.equal(substitute(text, environment).text, text);
      }),
    );
  });

  it("knows a text that is one variable", () => {
    assert.equal(wholeReference(`\${TOKEN}`), "TOKEN");
    assert.equal(wholeReference(` \${TOKEN} `), "TOKEN");
    for (const text of [`Bearer \${TOKEN}`, `\${TOKEN:-x}`, `$\${TOKEN}`, `\${A}\${B}`, ""])
      assert.equal(wholeReference(text), undefined, text);
  });
});
