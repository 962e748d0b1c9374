import assert from "node:assert/strict";
import fc from "fast-check";
import { testHash } from "../testing/committee.js";
import { LeaderConduct } from "./conduct.js";

const K = 3;
const GRACE_MS = 1000;

describe("consensus/votes: the leader's conduct", () => {
  const refuse = (conduct: LeaderConduct, ...names: string[]) => {
    for (const name of names) conduct.proposalRefused("a", 1, testHash(name), 0);
  };

  it("distrusts a leader after so many refused proposals in a row, and abandons it when it stays", () => {
    const conduct = new LeaderConduct(K, GRACE_MS);
    refuse(conduct, "1", "2");
    assert.equal(conduct.opinionOf("a", 1, 9999), "follow");
    refuse(conduct, "3");
    assert.equal(conduct.opinionOf("a", 1, GRACE_MS - 1), "distrust");
    assert.equal(conduct.opinionOf("a", 1, GRACE_MS), "abandon");
    assert.equal(conduct.opinionOf("a", 2, GRACE_MS), "follow", "it was elected again");
    assert.equal(conduct.opinionOf("b", 1, GRACE_MS), "follow");
    assert.equal(conduct.opinionOf(null, 1, GRACE_MS), "follow");
  });

  it("counts a proposal once, and starts anew with another leader, another term and every version", () => {
    const conduct = new LeaderConduct(K, GRACE_MS);
    refuse(conduct, "1", "1", "1", "1");
    assert.equal(conduct.refusals, 1);
    refuse(conduct, "2");
    conduct.versionCommitted();
    refuse(conduct, "3", "4");
    assert.equal(conduct.opinionOf("a", 1, 9999), "follow");
    conduct.proposalRefused("a", 2, testHash("5"), 0);
    assert.equal(conduct.refusals, 1);
    conduct.proposalRefused("b", 2, testHash("6"), 0);
    assert.equal(conduct.refusals, 1);
  });

  it("abandons a leader once, and again for each further proposal", () => {
    const conduct = new LeaderConduct(K, GRACE_MS);
    refuse(conduct, "1", "2", "3");
    assert.equal(conduct.opinionOf("a", 1, GRACE_MS), "abandon");
    conduct.abandoned();
    assert.equal(conduct.opinionOf("a", 1, 99 * GRACE_MS), "distrust");
    conduct.proposalRefused("a", 1, testHash("4"), 5 * GRACE_MS);
    assert.equal(conduct.opinionOf("a", 1, 6 * GRACE_MS - 1), "distrust");
    assert.equal(conduct.opinionOf("a", 1, 6 * GRACE_MS), "abandon");
  });

  it("never turns against a leader whose proposals were not refused K times since the last version", () => {
    const event = fc.oneof(
      fc.record({
        kind: fc.constant("refused" as const),
        leader: fc.constantFrom("a", "b"),
        term: fc.integer({ min: 1, max: 2 }),
        name: fc.integer({ min: 0, max: 6 }),
      }),
      fc.constant({ kind: "committed" as const }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const conduct = new LeaderConduct(K, 0);
        let row: { of: string; names: Set<number> } = { of: "", names: new Set() };
        for (const e of events) {
          if (e.kind === "committed") {
            conduct.versionCommitted();
            row = { of: "", names: new Set() };
          } else {
            const of = `${e.leader}/${e.term}`;
            if (row.of !== of) row = { of, names: new Set() };
            row.names.add(e.name);
            conduct.proposalRefused(e.leader, e.term, testHash(`p${e.name}`), 0);
          }
          for (const leader of ["a", "b"]) {
            for (const term of [1, 2]) {
              const guilty = row.of === `${leader}/${term}` && row.names.size >= K;
              assert.equal(conduct.opinionOf(leader, term, 0), guilty ? "abandon" : "follow");
            }
          }
        }
      }),
    );
  });
});
