import assert from "node:assert/strict";
import { type Hello, helloOf, refusalOf, unacceptedRecovery } from "./hello.js";
import { TEXT_CHARS_MAX } from "./limits.js";

const A = `sha256:${"a".repeat(64)}` as const;
const B = `sha256:${"b".repeat(64)}` as const;
const C = `sha256:${"c".repeat(64)}` as const;
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

describe("protocol/hello: a swarm that was recovered by force", () => {
  const recovered = hello({ formation: B, origin: A });

  it("and the one that it was are two, and both sides say how to go over", () => {
    for (const other of [hello({ formation: A }), hello({ formation: C, origin: A })]) {
      assert.match(String(refusalOf(recovered, other)), /was recovered by force.*b{64}.*--accept-recovery/);
      assert.equal(refusalOf(recovered, other), refusalOf(other, recovered));
      assert.ok(String(refusalOf(recovered, other)).length <= TEXT_CHARS_MAX);
    }
    assert.equal(refusalOf(recovered, hello({ ...recovered, name: "other" })), null);
    assert.equal(refusalOf(recovered, hello()), null);
    assert.match(String(refusalOf(recovered, hello({ formation: C }))), /two swarms were formed/);
  });

  it("is followed only by whom its operator has told to", () => {
    assert.match(String(unacceptedRecovery(hello(), recovered, [])), /--accept-recovery sha256:b{64}/);
    assert.match(String(unacceptedRecovery(hello(), recovered, [C])), /--accept-recovery/);
    assert.ok(String(unacceptedRecovery(hello(), recovered, [])).length <= TEXT_CHARS_MAX);
    assert.equal(unacceptedRecovery(hello(), recovered, [C, B]), null);
    assert.equal(unacceptedRecovery(recovered, recovered, []), null);
    assert.equal(unacceptedRecovery(recovered, hello(), []), null);
    assert.equal(unacceptedRecovery(hello(), hello({ formation: A }), []), null);
  });

  it("adds nothing to the hello of one that never was", () => {
    assert.ok(!("origin" in hello({ formation: A })));
  });
});
