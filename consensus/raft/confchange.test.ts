import assert from "node:assert/strict";
import fc from "fast-check";
import {
  applyConfChange,
  type ChangeResult,
  enterJoint,
  entersJoint,
  invariantFault,
  leaveJoint,
  leavesJoint,
  membersOf,
  simple,
} from "./confchange.js";
import { hasQuorum } from "./quorum.js";
import type { ConfChange, Configuration, MemberChange } from "./types.js";

const EMPTY: Configuration = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};
const of = (part: Partial<Configuration>): Configuration => ({ ...EMPTY, ...part });
const voter = (peer: string): MemberChange => ({ kind: "addVoter", peer });
const learner = (peer: string): MemberChange => ({ kind: "addLearner", peer });
const remove = (peer: string): MemberChange => ({ kind: "remove", peer });

function next(result: ChangeResult): Configuration {
  assert.equal(result.message, null);
  return result.configuration as Configuration;
}

describe("raft membership changes", () => {
  const abc = of({ voters: ["a", "b", "c"] });

  it("makes the first voter of an empty configuration", () => {
    assert.deepEqual(next(simple(EMPTY, [voter("a")])), of({ voters: ["a"] }));
    assert.equal(simple(EMPTY, [learner("a")]).fault, "NO_VOTER_LEFT");
    assert.equal(enterJoint(EMPTY, false, [voter("a")]).fault, "JOINT_OF_NOBODY");
  });

  it("changes one voter and any number of learners simply", () => {
    const demoted = next(simple(abc, [learner("c"), learner("e"), learner("d")]));
    assert.deepEqual(demoted, of({ voters: ["a", "b"], learners: ["c", "d", "e"] }));
    assert.deepEqual(next(simple(demoted, [voter("c"), remove("d"), remove("x")])).learners, ["e"]);
    assert.equal(simple(abc, [remove("a"), voter("d")]).fault, "SEVERAL_VOTERS");
    assert.equal(simple(abc, [remove("a"), remove("b"), remove("c")]).fault, "NO_VOTER_LEFT");
  });

  it("skips a change of nobody", () => {
    assert.deepEqual(next(simple(abc, [remove(""), voter("")])), abc);
  });

  it("goes through a joint configuration", () => {
    const joint = next(enterJoint(abc, true, [remove("a"), learner("b"), voter("d"), learner("e")]));
    assert.deepEqual(
      joint,
      of({
        voters: ["c", "d"],
        votersOutgoing: ["a", "b", "c"],
        learners: ["e"],
        learnersNext: ["b"],
        autoLeave: true,
      }),
    );
    assert.deepEqual(membersOf(joint), ["a", "b", "c", "d", "e"]);
    assert.equal(enterJoint(joint, false, []).fault, "ALREADY_JOINT");
    assert.equal(simple(joint, [learner("z")]).fault, "SIMPLE_IN_JOINT");
    const left = next(leaveJoint(joint));
    assert.deepEqual(left, of({ voters: ["c", "d"], learners: ["b", "e"] }));
    assert.equal(leaveJoint(left).fault, "NOT_JOINT");
  });

  it("takes the way that the transition asks for", () => {
    const one = [voter("d")];
    const two = [voter("d"), remove("a")];
    const way = (transition: ConfChange["transition"], changes: MemberChange[]) =>
      next(applyConfChange(abc, { transition, changes }));
    assert.deepEqual(way("auto", one).votersOutgoing, []);
    assert.deepEqual([way("auto", two).votersOutgoing, way("auto", two).autoLeave], [abc.voters, true]);
    assert.deepEqual(
      [way("implicit", one).votersOutgoing, way("implicit", one).autoLeave],
      [abc.voters, true],
    );
    assert.deepEqual(
      [way("explicit", one).votersOutgoing, way("explicit", one).autoLeave],
      [abc.voters, false],
    );
    // Only `auto` with nothing leaves; the others make a joint configuration of the same voters.
    assert.deepEqual(way("explicit", []).votersOutgoing, abc.voters);
    assert.equal(applyConfChange(abc, { transition: "auto", changes: [] }).fault, "NOT_JOINT");
    const explicit = way("explicit", two);
    assert.deepEqual(
      next(applyConfChange(explicit, { transition: "auto", changes: [] })),
      of({ voters: ["b", "c", "d"] }),
    );
    assert.equal(leavesJoint({ transition: "auto", changes: [] }), true);
    assert.equal(entersJoint({ transition: "auto", changes: one }), false);
  });

  it("refuses to start from a configuration that cannot be", () => {
    const bad: Record<string, Configuration> = {
      sorted: of({ voters: ["b", "a"] }),
      twice: of({ voters: ["a", "a"] }),
      "voter and a learner": of({ voters: ["a"], learners: ["a"] }),
      "no outgoing voter": of({ voters: ["a"], learnersNext: ["b"] }),
      "voter to come": of({ voters: ["a"], votersOutgoing: ["a"], learnersNext: ["a"] }),
      autoLeave: of({ voters: ["a"], autoLeave: true }),
    };
    for (const [word, config] of Object.entries(bad)) {
      for (const result of [simple(config, []), enterJoint(config, true, []), leaveJoint(config)]) {
        assert.equal(result.fault, "INVARIANT_BROKEN", word);
        assert.ok(result.message?.includes(word), `${word}: ${result.message}`);
      }
    }
  });

  const PEERS = ["a", "b", "c", "d", "e"];
  const change = fc.record({
    kind: fc.constantFrom("addVoter", "addLearner", "remove"),
    peer: fc.constantFrom(...PEERS, ""),
  });
  const confChange = fc.record({
    transition: fc.constantFrom("auto", "implicit", "explicit"),
    changes: fc.array(change, { maxLength: 5 }),
  });
  const steps = fc.array(confChange, { minLength: 1, maxLength: 12 });

  it("keeps every list sound, and always keeps a voter, whatever is asked", () => {
    fc.assert(
      fc.property(steps, (asked) => {
        let config = of({ voters: ["a"] });
        for (const step of asked) {
          config = applyConfChange(config, step).configuration ?? config;
          assert.equal(invariantFault(config), null);
          assert.ok(config.voters.length > 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never lets two majorities miss each other across one step", () => {
    fc.assert(
      fc.property(steps, fc.subarray(PEERS), (asked, group) => {
        let config = of({ voters: ["a", "b", "c"] });
        const inside = (peer: string) => group.includes(peer);
        for (const step of asked) {
          const after = applyConfChange(config, step).configuration ?? config;
          assert.ok(
            !(hasQuorum(config, inside) && hasQuorum(after, (peer) => !inside(peer))),
            `${JSON.stringify(config)} and ${JSON.stringify(after)} decide apart`,
          );
          config = after;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("comes to the same members by a joint configuration as by simple steps", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const start = of({ voters: ["a", "b", "c"], learners: ["d"] });
        const joint = enterJoint(start, false, changes).configuration;
        fc.pre(joint !== null);
        let config = start;
        for (const one of changes) {
          const result = simple(config, [one]);
          // On the way there may be nobody left; a joint configuration goes past that.
          fc.pre(result.configuration !== null);
          config = result.configuration as Configuration;
        }
        assert.deepEqual(leaveJoint(joint as Configuration).configuration, config);
      }),
    );
  });
});
