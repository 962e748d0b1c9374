import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { bytesSchema, decode, encode, encodeAs } from "./codec.js";
import { CBOR_DEPTH_MAX } from "./limits.js";

const schema = z.object({ v: z.literal(1), name: z.string(), list: z.array(z.number()).optional() });
const at = { what: "greeting", maxBytes: 100_000 };
const nested = (depth: number): Uint8Array => Uint8Array.from([...Array(depth).fill(0x81), 0x00]);

describe("protocol/codec", () => {
  it("encodes deterministically: the same fields in any order are the same bytes", () => {
    const hex = Buffer.from(encode({ v: 1, name: "a", longer: [1, 2.5] })).toString("hex");
    assert.equal(hex, Buffer.from(encode({ longer: [1, 2.5], name: "a", v: 1 })).toString("hex"));
    // RFC 8949 §4.2.1: shortest forms, keys in the order of their encodings.
    assert.equal(hex, "a361760164" + "6e616d656161" + "666c6f6e6765728201f94100");
  });

  it("drops unknown fields and keeps the known ones", () => {
    assert.deepEqual(decode(schema, encode({ v: 1, name: "a", later: { x: 1 } }), at), { v: 1, name: "a" });
  });

  it("says what is wrong and where", () => {
    const faults: [Uint8Array, RegExp][] = [
      [encode({ v: 2, name: "a" }), /greeting: v: /],
      [encode({ v: 1, name: "a", list: [1, "x"] }), /greeting: list\.1: .*number/],
      [encode([1]), /greeting: \(root\): /],
      [new Uint8Array(), /greeting: not CBOR/],
      [encode({ v: 1, name: "a" }).subarray(0, 6), /greeting: not CBOR/],
      [Buffer.concat([encode({ v: 1, name: "a" }), Uint8Array.of(0)]), /greeting: not CBOR/],
      // Indefinite length, a number in a longer form than needed, a key twice: not what an encoder writes.
      [Uint8Array.of(0xbf, 0xff), /greeting: not CBOR/],
      [Uint8Array.of(0xa1, 0x61, 0x76, 0x18, 0x01), /greeting: not CBOR/],
      [Uint8Array.of(0xa2, 0x61, 0x76, 0x01, 0x61, 0x76, 0x01), /greeting: not CBOR/],
    ];
    for (const [bytes, message] of faults) {
      assert.throws(() => decode(schema, bytes, at), { code: "MESSAGE_MALFORMED", message });
    }
  });

  it("takes one spelling only of what is signed, and says which others pass elsewhere", () => {
    const loose = z.object({ a: z.unknown(), v: z.unknown() }).partial();
    const spellings: [string, Uint8Array][] = [
      ["keys out of order", Uint8Array.of(0xa2, 0x61, 0x76, 0x01, 0x61, 0x61, 0x01)],
      ["a longer float than needed", Uint8Array.of(0xa1, 0x61, 0x61, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)],
      ["an integer as a float", Uint8Array.of(0xa1, 0x61, 0x61, 0xf9, 0x3c, 0x00)],
      ["text that is not UTF-8", Uint8Array.of(0xa1, 0x61, 0x61, 0x61, 0xff)],
    ];
    for (const [what, bytes] of spellings) {
      assert.doesNotThrow(() => decode(loose, bytes, at), what);
      assert.throws(
        () => decode(loose, bytes, { ...at, canonical: true }),
        { code: "MESSAGE_MALFORMED", message: "greeting: not in canonical form" },
        what,
      );
    }
    const own = encode({ v: 1, a: [2.5, "é", new Uint8Array(3), null, true] });
    assert.doesNotThrow(() => decode(loose, own, { ...at, canonical: true }));
  });

  it("bounds bytes and nesting before it decodes", () => {
    assert.throws(() => decode(schema, new Uint8Array(11), { what: "greeting", maxBytes: 10 }), {
      code: "MESSAGE_TOO_LARGE",
      message: "greeting: 11 bytes, at most 10 allowed",
    });
    assert.doesNotThrow(() => decode(z.any(), nested(CBOR_DEPTH_MAX), at));
    for (const depth of [CBOR_DEPTH_MAX + 1, 90_000]) {
      assert.throws(() => decode(z.any(), nested(depth), at), { message: /nested deeper than 16/ });
    }
    // Breadth is not depth.
    assert.doesNotThrow(() => decode(z.any(), encode(Array.from({ length: 5000 }, () => [[{ a: 1 }]])), at));
  });

  it("never throws anything but its own error, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(z.any(), bytes, at);
        } catch (error) {
          assert.equal((error as { code: string }).code, "MESSAGE_MALFORMED");
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("does not send what it would not take", () => {
    const bounded = z.object({ key: bytesSchema({ exact: 2 }), rest: bytesSchema({ max: 1 }) });
    const key = Uint8Array.of(1, 2);
    assert.doesNotThrow(() => encodeAs(bounded, { key, rest: new Uint8Array() }, "keys"));
    assert.throws(() => encodeAs(bounded, { key, rest: key }, "keys"), {
      message: /keys: rest: .*at most 1/,
    });
    assert.throws(() => encodeAs(bounded, { key: new Uint8Array(3), rest: new Uint8Array() }, "keys"), {
      message: /keys: key: expected 2 bytes/,
    });
  });
});
