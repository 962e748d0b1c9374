import assert from "node:assert/strict";
import { type Hello, helloOf, refusalOf } from "./hello.js";

const A = `sha256:${"a".repeat(64)}` as const;
const B = `sha256:${"b".repeat(64)}` as const;
const hello = (changes: Partial<Hello> = {}): Hello => ({
  ...helloOf({ swarm: "s", name: "n", version: "1.0.0", formation: null }),
  ...changes,
});

describe("protocol/hello", () => {
  it("goes along with nodes of the same swarm, formed or not", () => {
    for (const [a, b] of [
      [hello(), hello({ name: "other", version: "9.9.9" })],
      [hello({ formation: A }), hello()],
      [hello({ formation: A }), hello({ formation: A })],
      [hello({ protocol: 2, minProtocol: 1 }), hello({ protocol: 1 })],
      [hello({ v: 2 }), hello()],
    ] as const) {
      assert.equal(refusalOf(a, b), null);
    }
  });

  it("refuses in the same words on both sides", () => {
    const refusals: [Hello, Hello, RegExp][] = [
      [hello({ swarm: "red" }), hello({ swarm: "blue" }), /^different swarm ids: "blue" and "red"$/],
      [
        hello({ formation: B }),
        hello({ formation: A }),
        /^two swarms were formed under the id "s": .*a{64} and .*b{64}$/,
      ],
      [
        hello({ protocol: 3, minProtocol: 2, version: "3.0.0" }),
        hello({ protocol: 1, version: "1.0.0" }),
        /version 1\.0\.0 speaks 1, version 3\.0\.0 needs at least 2: upgrade the older node$/,
      ],
    ];
    for (const [a, b, words] of refusals) {
      assert.match(String(refusalOf(a, b)), words);
      assert.equal(refusalOf(a, b), refusalOf(b, a));
    }
  });

  it("carries nothing but its own fields", () => {
    const options = { swarm: "s", name: "n", version: "1", formation: null, identity: "secret" };
    assert.ok(!("identity" in helloOf(options)));
  });
});
