import assert from "node:assert/strict";
import { DISCOVERY_BURST, GOSSIP_SEQUENCE_WINDOW, GOSSIP_STRANGERS_SHARE } from "../limits.js";
import { Admission } from "./admission.js";
import { KnownFirst } from "./known_first.js";
import { SequenceWindow } from "./sequence.js";

const RATE = { perSecond: 1, burst: DISCOVERY_BURST };
const START = 1_700_000_000_000_000_000n;

describe("protocol/gossip/admission", () => {
  const of = (known: readonly string[]) =>
    new Admission(
      RATE,
      (author) => known.includes(author),
      () => 0,
    );

  it("lets a replay cost its author nothing", () => {
    const admission = of(["victim"]);
    const live = (n: number) =>
      admission.take({ neighbor: "honest", author: "victim", sequence: START + BigInt(n) });
    for (let n = 0; n < RATE.burst - 1; n++) assert.ok(live(n));
    for (let n = 0; n < 1000; n++) {
      const sequence = START + BigInt(n % (RATE.burst - 1));
      for (const neighbor of ["honest", "liar"])
        assert.ok(!admission.take({ neighbor, author: "victim", sequence }));
    }
    assert.ok(live(RATE.burst), "the rate was not used up");
  });

  it("charges a message to the neighbor that brought it", () => {
    const admission = of(["victim"]);
    const take = (neighbor: string, n: number) =>
      admission.take({ neighbor, author: "victim", sequence: START + BigInt(n) });
    let passed = 0;
    for (let n = 0; n < 100; n++) if (take("hoarder", n)) passed += 1;
    assert.equal(passed, RATE.burst);
    assert.ok(take("honest", 100));
  });

  it("gives all authors that nobody knows one share per neighbor", () => {
    const admission = of(["member"]);
    let passed = 0;
    for (let n = 0; n < 1000; n++) {
      if (admission.take({ neighbor: "minter", author: `minted ${n}`, sequence: START })) passed += 1;
    }
    assert.equal(passed, RATE.burst * GOSSIP_STRANGERS_SHARE);
    assert.ok(admission.take({ neighbor: "minter", author: "member", sequence: START }));
    assert.ok(admission.take({ neighbor: "other", author: "newcomer", sequence: START }));
  });
});

describe("protocol/gossip/sequence", () => {
  it("takes each number once, within a window that late ones may still arrive in", () => {
    const window = new SequenceWindow();
    const last = START + BigInt(GOSSIP_SEQUENCE_WINDOW);
    const order = [START + 2n, START + 1n, last, last, START + 1n, START + 3n, START];
    assert.deepEqual(
      order.map((n) => window.take(n, false)),
      [true, true, true, false, false, true, false],
    );
  });

  it("lets an author itself start again lower, and nobody else", () => {
    const window = new SequenceWindow();
    window.take(START, false);
    assert.ok(!window.take(5n, false));
    assert.ok(window.take(5n, true));
    assert.ok(window.take(6n, false));
    assert.ok(!window.take(5n, true), "but not the same again");
  });
});

describe("protocol/gossip/known_first", () => {
  it("lets strangers push out strangers only, the longest unused first", () => {
    const map = new KnownFirst<number>(2, (author) => author.startsWith("member"));
    for (const [i, author] of ["member a", "member b", "x", "y", "z"].entries()) map.set(author, i);
    assert.deepEqual(
      ["member a", "member b", "x", "y", "z"].map((author) => map.get(author)),
      [0, 1, undefined, 3, 4],
    );
    map.set("member a", 5);
    map.set("member c", 6);
    assert.deepEqual([map.get("member a"), map.get("member b"), map.get("member c")], [5, undefined, 6]);
  });
});
