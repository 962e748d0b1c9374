import assert from "node:assert/strict";
import fc from "fast-check";
import { TrainingError } from "../errors.js";
import { charactersOf, tokenizerOf } from "./index.js";

describe("training/tokenizers", () => {
  it("sorts characters by code point, not by UTF-16 unit", () => {
    assert.deepEqual(charactersOf("b😀a￿a\n"), ["\n", "a", "b", "￿", "😀"]);
  });

  it("comes back as it was, by characters and by bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        for (const spec of [{ type: "char", characters: charactersOf(text) }, { type: "byte" }] as const) {
          const tokenizer = tokenizerOf(spec);
          const ids = tokenizer.encode(text);
          assert.ok(ids.every((id) => id < tokenizer.vocabSize));
          assert.equal(tokenizer.decode(ids), text);
        }
      }),
    );
  });

  it("char: anything else becomes token 0, and ids outside the vocabulary give nothing", () => {
    const tokenizer = tokenizerOf({ type: "char", characters: ["?", "a", "😀"] });
    assert.deepEqual([...tokenizer.encode("a😀x")], [1, 2, 0]);
    assert.equal(tokenizer.decode([1, 99, -1, 2]), "a😀");
    assert.equal(tokenizer.vocabSize, 3);
  });

  it("byte: is UTF-8, and decodes a cut character without failing", () => {
    const tokenizer = tokenizerOf({ type: "byte" });
    assert.deepEqual([...tokenizer.encode("é")], [0xc3, 0xa9]);
    assert.equal(tokenizer.decode([0x61, 0xc3]), "a\ufffd");
    assert.equal(tokenizer.decode([0x61, 256, -1]), "a");
  });

  it("char: refuses a vocabulary of anything but distinct single characters", () => {
    for (const [characters, pattern] of [
      [["a", "bc"], /characters\[1\] "bc" is not one character/],
      [["a", "a"], /characters\[1\] "a" stands there twice/],
    ] as const) {
      assert.throws(
        () => tokenizerOf({ type: "char", characters: [...characters] }),
        (e) => e instanceof TrainingError && e.code === "SESSION_INVALID" && pattern.test(e.message),
      );
    }
  });
});
