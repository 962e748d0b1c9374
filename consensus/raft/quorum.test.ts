import assert from "node:assert/strict";
import fc from "fast-check";
import { committedIndex, hasQuorum, majoritySize, type QuorumConfig, voteResult } from "./quorum.js";

const joint = (voters: string[], votersOutgoing: string[] = []): QuorumConfig => ({ voters, votersOutgoing });

const PEERS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
const half = fc.subarray(PEERS, { maxLength: PEERS.length });
const config = fc.record({ voters: half, votersOutgoing: half });

/** By definition: a set of peers decides when it holds more than half of each half that has anybody. */
function decides(c: QuorumConfig, who: (peer: string) => boolean): boolean {
  return [c.voters, c.votersOutgoing].every(
    (voters) => voters.length === 0 || 2 * voters.filter(who).length > voters.length,
  );
}

describe("raft quorum", () => {
  it("is more than half", () => {
    assert.deepEqual([1, 2, 3, 4, 5, 9].map(majoritySize), [1, 2, 2, 3, 3, 5]);
  });

  it("commits what a majority of each half has", () => {
    const acks: Record<string, number> = { a: 100, b: 101, c: 99, d: 7 };
    const ack = (peer: string) => acks[peer];
    assert.equal(committedIndex(joint(["a", "b", "c"]), ack), 100);
    assert.equal(committedIndex(joint(["a", "b", "c"], ["d"]), ack), 7);
    assert.equal(committedIndex(joint(["a", "b"], ["c", "e"]), ack), 0);
    assert.equal(committedIndex(joint([], ["b"]), ack), 101);
    assert.equal(committedIndex(joint([]), ack), Number.POSITIVE_INFINITY);
  });

  it("loses a vote with either half", () => {
    const votes: Record<string, boolean> = { a: true, b: false };
    const vote = (peer: string) => votes[peer];
    assert.equal(voteResult(joint(["a"]), vote), "won");
    assert.equal(voteResult(joint(["a", "b"]), vote), "lost");
    assert.equal(voteResult(joint(["a"], ["b"]), vote), "lost");
    assert.equal(voteResult(joint(["a"], ["c"]), vote), "pending");
    assert.equal(voteResult(joint(["b"], ["c"]), vote), "lost");
    assert.equal(voteResult(joint([]), vote), "won");
  });

  it("commits the highest index that a deciding set has", () => {
    const ack = fc.array(fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }), {
      minLength: PEERS.length,
      maxLength: PEERS.length,
    });
    fc.assert(
      fc.property(config, ack, (c, acks) => {
        const acked = (peer: string) => acks[PEERS.indexOf(peer)];
        const committed = committedIndex(c, acked);
        if (c.voters.length + c.votersOutgoing.length === 0) {
          assert.equal(committed, Number.POSITIVE_INFINITY);
          return;
        }
        let highest = 0;
        for (let index = 1; index <= 12; index++) {
          if (decides(c, (peer) => (acked(peer) ?? 0) >= index)) highest = index;
        }
        assert.equal(committed, highest);
        assert.equal(committedIndex(joint([...c.votersOutgoing], [...c.voters]), acked), committed);
      }),
      { numRuns: 1000 },
    );
  });

  it("calls a vote won or lost when no further answer can change that", () => {
    const small = fc.subarray(PEERS.slice(0, 5));
    const votes = fc.array(fc.constantFrom(true, false, undefined), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(small, small, votes, (voters, votersOutgoing, given) => {
        const c = joint(voters, votersOutgoing);
        const answer = (peer: string) => given[PEERS.indexOf(peer)];
        const best = decides(c, (peer) => answer(peer) ?? true);
        const worst = decides(c, (peer) => answer(peer) ?? false);
        assert.equal(voteResult(c, answer), worst ? "won" : best ? "pending" : "lost");
        assert.equal(
          hasQuorum(c, (peer) => answer(peer) === true),
          worst,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("shares a peer between any two deciding sets", () => {
    const both = fc.record({
      voters: fc.subarray(PEERS.slice(0, 6), { minLength: 1 }),
      votersOutgoing: half,
    });
    fc.assert(
      fc.property(both, fc.subarray(PEERS), fc.subarray(PEERS), (c, one, other) => {
        fc.pre(hasQuorum(c, (p) => one.includes(p)) && hasQuorum(c, (p) => other.includes(p)));
        assert.ok(one.some((peer) => other.includes(peer)));
      }),
    );
  });
});
