import assert from "node:assert/strict";
import { emptyControlState } from "../../consensus/control/index.js";
import { testHash } from "../../consensus/testing/committee.js";
import type { LogView } from "./own_log.js";
import type { Reached } from "./probe.js";
import { assertNoQuorum, assertSurvivor, quorumAmong, votersOf } from "./quorum.js";

const view = (voters: string[], committee = voters, index = 10): LogView => ({
  position: {
    index,
    term: 2,
    configuration: { voters, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
  },
  state: {
    ...emptyControlState("s", testHash("f"), committee),
    voters,
  },
});
const ends = (committed: LogView, end = committed) => ({ committed, end });
const there = (peer: string, change: Partial<Reached> = {}): Reached => ({
  peer,
  name: null,
  refusal: null,
  position: { term: 2, commit: 9, last: 9 },
  ...change,
});

describe("daemon/recovery: who may go on alone", () => {
  it("refuses while a majority of the voters is there, and names who answered", () => {
    const log = ends(view(["a", "b", "c"]));
    assert.deepEqual(votersOf(log), ["a", "b", "c"]);
    assert.equal(quorumAmong("a", log, []), null);
    assert.throws(() => assertNoQuorum("a", log, [there("c", { name: "third" })]), {
      code: "RECOVERY_REFUSED",
      message: /a quorum is reachable: 2 of the 3 in the configuration .*answered: third \(c\)/,
    });
    const five = ends(view(["a", "b", "c", "d", "e"]));
    assert.doesNotThrow(() => assertNoQuorum("a", five, [there("b")]));
    assert.throws(() => assertNoQuorum("a", five, [there("b"), there("c")]), /3 of the 5/);
  });

  it("counts the committee, and the configuration that the log's end would make", () => {
    const committee = ends(view(["a", "b", "c", "d"], ["a", "b", "c"]));
    assert.throws(() => assertNoQuorum("a", committee, [there("b")]), /2 of the 3 in the committee/);
    const shrinking = ends(view(["a", "b", "c", "d"]), view(["a", "b", "c"], ["a", "b", "c"], 12));
    assert.throws(() => assertNoQuorum("a", shrinking, [there("b")]), /2 of the 3 in the configuration/);
  });

  it("lets one go on whose first fellow voter died before it came into the committee", () => {
    const log = ends(view(["a", "b"], ["a"]));
    assert.doesNotThrow(() => assertSurvivor("a", log));
    assert.doesNotThrow(() => assertNoQuorum("a", log, []));
  });

  it("refuses where another one is there that knows of more, or that follows another swarm", () => {
    const log = ends(view(["a", "b", "c", "d", "e"]));
    const ahead = there("b", { position: { term: 2, commit: 11, last: 12 } });
    assert.throws(
      () => assertNoQuorum("a", log, [ahead]),
      /b is there and has entries up to 11 committed.*recover on that node/,
    );
    assert.doesNotThrow(() =>
      assertNoQuorum("a", log, [there("b", { position: { term: 3, commit: 10, last: 12 } })]),
    );
    const opposed = there("b", { refusal: "recovered by force", position: null });
    assert.throws(
      () => assertNoQuorum("a", log, [opposed]),
      /b is there and refuses this node: recovered by force/,
    );
  });

  it("takes a voter that signs versions only, and none that is alone already", () => {
    assert.doesNotThrow(() => assertSurvivor("a", ends(view(["a", "b"]))));
    assert.throws(() => assertSurvivor("x", ends(view(["a", "b"]))), /no voter of its swarm/);
    assert.throws(() => assertSurvivor("b", ends(view(["a", "b"], ["a"]))), /not in the committee/);
    assert.throws(() => assertSurvivor("a", ends(view(["a"]))), /the only voter already/);
  });
});
