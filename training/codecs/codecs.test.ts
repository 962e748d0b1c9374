import assert from "node:assert/strict";
import fc from "fast-check";
import { TrainingError } from "../errors.js";
import { type CodecName, codecNameSchema } from "../session.js";
import { fromHalf, toHalf } from "./half.js";
import { codecOf, ErrorFeedback } from "./index.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const coded = (code: string) => (e: unknown) => e instanceof TrainingError && e.code === code;
const floats = (max: number, length = 600) =>
  fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -max, max: max }), { maxLength: length })
    .map((list) => Float32Array.from(list));

/** Largest allowed |decoded − x| for a value in a chunk whose largest magnitude is `max`. */
const TOLERANCE: Record<CodecName, (x: number, max: number) => number> = {
  fp32: () => 0,
  fp16: (x) => Math.max(Math.abs(x) * 2 ** -11, 2 ** -25),
  int8: (_, max) => (max / 127) * 0.5001 + 2 ** -149,
};
const GOLDEN: Record<CodecName, string> = {
  fp32: "0000803f000000c00000000000008000ffff7f3f",
  fp16: "003c00c000000000003c",
  int8: "0402813c408100003f",
};

for (const name of codecNameSchema.options) {
  const codec = codecOf(name);
  describe(`training/codecs ${name}`, () => {
    it("has its name, and takes exactly the bytes it says", () => {
      assert.equal(codec.name, name);
      for (const size of [0, 1, 255, 256, 257, 1000]) {
        assert.equal(codec.encode(new Float32Array(size).fill(0.5)).length, codec.encodedBytes(size));
      }
    });

    it("comes back within its tolerance", () => {
      fc.assert(
        fc.property(floats(60_000), (values) => {
          const back = codec.decode(codec.encode(values), values.length);
          for (let from = 0; from < values.length; from += 256) {
            const max = Math.max(...values.subarray(from, from + 256).map(Math.abs));
            for (let i = from; i < Math.min(from + 256, values.length); i++) {
              const error = Math.abs(back[i]! - values[i]!);
              assert.ok(error <= TOLERANCE[name](values[i]!, max), `${values[i]} came back as ${back[i]}`);
            }
          }
        }),
      );
    });

    it("keeps zeros, the smallest and the largest values finite", () => {
      const values = Float32Array.of(0, 2 ** -149, -(2 ** -149), 190 * 2 ** -149, 3.4e38, -3.4e38);
      for (const list of [values, values.subarray(0, 4), values.subarray(0, 1)]) {
        const back = codec.decode(codec.encode(list), list.length);
        assert.ok(back.every(Number.isFinite));
        assert.equal(Math.abs(back[0]!), 0);
      }
    });

    it("gives the same bytes on every machine", () => {
      const values = Float32Array.of(1, -2, 0, 2 ** -126, 1 - 2 ** -24);
      assert.equal(hex(codec.encode(values)), GOLDEN[name]);
    });

    it("refuses to encode what is not finite and says where it is", () => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const values = new Float32Array(300);
        values[257] = bad;
        assert.throws(
          () => codec.encode(values),
          (e) => coded("UPDATE_NOT_FINITE")(e) && /value 257/.test(String(e)),
        );
      }
    });

    it("refuses to decode another length", () => {
      const bytes = codec.encode(new Float32Array(300).fill(1));
      for (const size of [299, 301, 0]) {
        assert.throws(() => codec.decode(bytes, size), coded("CODEC_MALFORMED"));
      }
      assert.throws(() => codec.decode(bytes.subarray(1), 300), coded("CODEC_MALFORMED"));
    });

    it("decodes from any offset of a larger buffer", () => {
      const values = Float32Array.from({ length: 300 }, (_, i) => i / 7);
      const bytes = codec.encode(values);
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      assert.deepEqual(codec.decode(shifted.subarray(3), 300), codec.decode(bytes, 300));
    });

    it("sends everything in the end with error feedback", () => {
      const feedback = new ErrorFeedback(codec, 300);
      const update = Float32Array.from({ length: 300 }, (_, i) =>
        Math.fround(0.001 * (i % 11) + (i === 5 ? 1 : 0)),
      );
      const received = new Float64Array(300);
      const rounds = 50;
      for (let r = 0; r < rounds; r++) {
        const sent = codec.decode(feedback.encode(update, r), 300);
        feedback.settle(r);
        for (let i = 0; i < 300; i++) received[i]! += sent[i]!;
      }
      for (let i = 0; i < 300; i++)
        assert.ok(Math.abs(received[i]! - rounds * update[i]!) < 0.01, `value ${i}`);
    });
  });
}

describe("training/codecs", () => {
  it("int8: refuses a scale that is zero, negative or not finite", () => {
    const bytes = codecOf("int8").encode(new Float32Array(300).fill(1));
    for (const scale of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const bad = bytes.slice();
      new DataView(bad.buffer).setFloat32(260, scale, true);
      assert.throws(
        () => codecOf("int8").decode(bad, 300),
        (e) => coded("CODEC_MALFORMED")(e) && /chunk 1/.test(String(e)),
      );
    }
  });

  it("fp16: converts every half exactly, and rounds ties to even", () => {
    for (let half = 0; half < 0x10000; half++) {
      const value = fromHalf(half);
      if (Number.isNaN(value)) assert.ok(Number.isNaN(fromHalf(toHalf(value))));
      else assert.equal(toHalf(value), half);
    }
    assert.equal(fromHalf(toHalf(2049)), 2048);
    assert.equal(fromHalf(toHalf(2051)), 2052);
    assert.equal(fromHalf(toHalf(2 ** -25)), 0);
    assert.equal(fromHalf(toHalf(2 ** -25 * 1.5)), 2 ** -24);
    assert.equal(fromHalf(toHalf(65_519)), 65_504);
    assert.equal(fromHalf(toHalf(65_520)), Number.POSITIVE_INFINITY);
    assert.equal(fromHalf(0xfc00), Number.NEGATIVE_INFINITY);
  });

  it("fp16: rounds to the nearest half", () => {
    fc.assert(
      fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), (x) => {
        const half = toHalf(x);
        const error = Math.abs(fromHalf(half) - x);
        for (const other of [half - 1, half + 1]) {
          const value = fromHalf(other & 0xffff);
          if (Number.isFinite(value)) assert.ok(error <= Math.abs(value - x));
        }
      }),
    );
  });

  it("error feedback owes what a counted update dropped, and nothing for one that was lost", () => {
    const codec = codecOf("int8");
    const feedback = new ErrorFeedback(codec, 2);
    const update = Float32Array.of(1, 0.003);
    const first = feedback.encode(update, 1);
    feedback.settle(null);
    assert.deepEqual(feedback.encode(update, 2), first, "round 1 was not counted");
    feedback.settle(1);
    assert.deepEqual(feedback.encode(update, 3), first, "round 2 was not counted, though round 1 was");
    feedback.drop();
    feedback.settle(3);
    assert.deepEqual(feedback.encode(update, 4), first, "the update of round 3 never left");
    feedback.settle(4);
    const second = feedback.encode(update, 5);
    assert.notDeepEqual(second, first, "the residual of round 4 is added");
    feedback.settle(4);
    assert.deepEqual(feedback.encode(update, 6), second, "it is still owed when round 5 is lost");
    assert.throws(() => feedback.encode(Float32Array.of(1, Number.NaN), 7), coded("UPDATE_NOT_FINITE"));
    assert.throws(() => feedback.encode(new Float32Array(3), 7), coded("AGGREGATION_INVALID"));
    assert.deepEqual(feedback.encode(update, 7), second, "and when one could not be made");
  });
});
