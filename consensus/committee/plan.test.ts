import assert from "node:assert/strict";
import fc from "fast-check";
import { planCommittee, SAFE_VOTERS_MIN } from "./plan.js";
import { CAUGHT_UP_ENTRIES_MAX, CAUGHT_UP_MS_MAX, majorityZone, Roster } from "./roster.js";
import type { CommitteeMember, CommitteePlan, CommitteeView, MemberHealth } from "./types.js";

const STABLE_MS = 60_000;
const WELL: MemberHealth = {
  deadForMs: null,
  aliveForMs: Number.POSITIVE_INFINITY,
  lagEntries: 0,
  lagMs: 0,
};
const gone = (forMs: number): MemberHealth => ({ ...WELL, deadForMs: forMs, aliveForMs: null });
const voter = (peer: string, zone = "", health = WELL): CommitteeMember => ({
  peer,
  zone,
  votes: true,
  health,
});
const learner = (peer: string, zone = "", health = WELL): CommitteeMember => ({
  peer,
  zone,
  votes: false,
  health,
});

function view(members: CommitteeMember[], changes: Partial<CommitteeView> = {}): CommitteeView {
  const self = members[0]?.peer ?? "";
  return {
    self,
    members,
    targetVoters: 5,
    stabilizationMs: STABLE_MS,
    maxLearners: 8,
    unchangedForMs: 0,
    ...changes,
  };
}

const changesOf = (given: CommitteeView): string[] | null =>
  planCommittee(given)?.changes.map(({ kind, peer }) => `${kind} ${peer}`) ?? null;

function applied(members: readonly CommitteeMember[], { changes }: CommitteePlan): CommitteeMember[] {
  const kinds = new Map(changes.map((c) => [c.peer, c.kind]));
  const stay = members.filter((m) => kinds.get(m.peer) !== "remove");
  assert.ok(members.length - stay.length <= members.filter((m) => !m.votes).length, "no voter is taken out");
  return stay.map((m) => {
    const kind = kinds.get(m.peer);
    return kind === undefined ? m : { ...m, votes: kind === "addVoter" };
  });
}

const votersOf = (members: readonly CommitteeMember[]) => members.filter((m) => m.votes);
const thereOf = (members: readonly CommitteeMember[]) =>
  votersOf(members).filter((m) => m.health.deadForMs === null);

describe("consensus/committee: the plan", () => {
  it("grows by two, or by one from an even number, up to the target", () => {
    const one = [voter("a"), learner("b"), learner("c"), learner("d"), learner("e")];
    assert.deepEqual(changesOf(view(one)), ["addVoter b", "addVoter c"]);
    const three = one.map((m) => ({ ...m, votes: ["a", "b", "c"].includes(m.peer) }));
    assert.deepEqual(changesOf(view(three)), ["addVoter d", "addVoter e"]);
    assert.equal(changesOf(view(three, { targetVoters: 3 })), null);
    assert.equal(changesOf(view([voter("a"), learner("b")])), null, "two voters outlive no loss");
    assert.deepEqual(changesOf(view([voter("a"), voter("b"), learner("c")])), ["addVoter c"]);
  });

  it("promotes nobody who lags, by entries or by age, is away, or has only just come back", () => {
    const cases: Partial<MemberHealth>[] = [
      { lagEntries: CAUGHT_UP_ENTRIES_MAX + 1 },
      { lagEntries: 1, lagMs: CAUGHT_UP_MS_MAX + 1 },
      { aliveForMs: null, deadForMs: 0 },
      { aliveForMs: STABLE_MS - 1 },
    ];
    for (const health of cases) {
      const members = [voter("a"), learner("b", "", { ...WELL, ...health }), learner("c")];
      assert.equal(changesOf(view(members)), null, JSON.stringify(health));
    }
    const busy = { ...WELL, lagEntries: CAUGHT_UP_ENTRIES_MAX, lagMs: CAUGHT_UP_MS_MAX };
    assert.equal(changesOf(view([voter("a"), learner("b", "", busy), learner("c")]))?.length, 2);
  });

  it("replaces a dead voter in one step, once it has been away for the stabilization time", () => {
    const five = ["a", "b", "c", "d"].map((peer) => voter(peer));
    const at = (ms: number) => view([...five, voter("e", "", gone(ms)), learner("f")]);
    assert.equal(changesOf(at(STABLE_MS - 1)), null);
    assert.deepEqual(changesOf(at(STABLE_MS)), ["addVoter f", "addLearner e"]);
    assert.match(planCommittee(at(61_500))?.reason ?? "", /^e has been away for 61 s: replaced by f$/);
    assert.equal(changesOf(view([...five, voter("e", "", gone(STABLE_MS))])), null, "nobody takes its place");
  });

  it("goes on with fewer when two are dead and nobody takes their places, but never with fewer than three", () => {
    const dead = gone(2 * STABLE_MS);
    const five = [voter("a"), voter("b"), voter("c"), voter("d", "", dead), voter("e", "", dead)];
    assert.deepEqual(changesOf(view(five)), ["addLearner d", "addLearner e"]);
    assert.equal(changesOf(view([voter("a"), voter("b"), voter("c", "", dead)])), null);
  });

  it("makes an even committee odd when nothing has changed for a while", () => {
    const four = ["a", "b", "c", "d"].map((peer) => voter(peer));
    assert.equal(changesOf(view(four)), null);
    assert.deepEqual(changesOf(view(four, { unchangedForMs: STABLE_MS })), ["addLearner d"]);
    assert.equal(changesOf(view(four.slice(0, 2), { unchangedForMs: STABLE_MS })), null);
  });

  it("prefers empty zones, and swaps for one when there are zones that share better", () => {
    const members = [voter("a", "east"), voter("b", "east"), voter("c", "east")];
    const more = [...members, learner("d", "east"), learner("e", "west"), learner("f", "north")];
    assert.deepEqual(changesOf(view(more)), ["addVoter e", "addVoter f"]);
    const settled = { targetVoters: 3, unchangedForMs: STABLE_MS };
    assert.deepEqual(changesOf(view(more, settled)), ["addVoter e", "addLearner b"]);
    assert.equal(changesOf(view(more, { ...settled, unchangedForMs: 0 })), null);
    const unnamed = [...members, learner("d"), learner("e")];
    assert.equal(changesOf(view(unnamed, settled)), null, "a node that names no zone spreads nothing");
    assert.match(
      planCommittee(view(more, settled))?.reason ?? "",
      /^zone east has 3 of 3 voters: e \(zone west\)/,
    );
  });

  it("takes dead learners out where all places are taken, and only there", () => {
    const dead = gone(STABLE_MS);
    const members = [voter("a"), learner("b", "", dead), learner("c", "", gone(STABLE_MS - 1))];
    assert.equal(changesOf(view(members)), null);
    assert.deepEqual(changesOf(view(members, { maxLearners: 2 })), ["remove b"]);
  });

  it("rather stays smaller than gives one of three zones a majority", () => {
    const spread = [voter("a", "east"), voter("b", "west"), voter("c", "north")];
    assert.equal(changesOf(view([...spread, learner("d", "east"), learner("e", "east")])), null);
    assert.deepEqual(changesOf(view([...spread, learner("d", "east"), learner("e", "west")])), [
      "addVoter d",
      "addVoter e",
    ]);
  });
});

const health: fc.Arbitrary<MemberHealth> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(WELL) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 * STABLE_MS }).map(gone) },
  {
    weight: 1,
    arbitrary: fc.record({
      deadForMs: fc.constant(null),
      aliveForMs: fc.integer({ min: 0, max: 2 * STABLE_MS }),
      lagEntries: fc.integer({ min: 0, max: 2 * CAUGHT_UP_ENTRIES_MAX }),
      lagMs: fc.integer({ min: 0, max: 2 * CAUGHT_UP_MS_MAX }),
    }),
  },
);

/** A committee whose living voters are a majority, since there would be no leader to plan otherwise. */
const world: fc.Arbitrary<CommitteeView> = fc
  .record({
    members: fc.array(
      fc.record({ zone: fc.constantFrom("", "east", "west", "north", "south"), votes: fc.boolean(), health }),
      { minLength: 0, maxLength: 14 },
    ),
    zone: fc.constantFrom("", "east", "west"),
    targetVoters: fc.constantFrom(1, 3, 5, 7),
    unchangedForMs: fc.constantFrom(0, STABLE_MS - 1, STABLE_MS, 10 * STABLE_MS),
  })
  .map(({ members, zone, ...rest }) => {
    const named = members.map((m, i) => ({ ...m, peer: `n${String(i).padStart(2, "0")}` }));
    return view([voter("leader", zone), ...named], rest);
  })
  .filter(({ members }) => 2 * thereOf(members).length > votersOf(members).length);

/** Plans until nothing is left to do, in a world that stays as it is. */
function settled(
  start: CommitteeView,
  step: (before: CommitteeView, plan: CommitteePlan) => void,
): CommitteeView {
  let now = start;
  for (let steps = 0; steps < 100; steps++) {
    const plan = planCommittee(now);
    if (plan === null) return now;
    step(now, plan);
    now = { ...now, members: applied(now.members, plan), unchangedForMs: STABLE_MS };
  }
  throw new Error("it never comes to rest");
}

const RUNS = { numRuns: 3000 };

describe("consensus/committee: the plan, for any committee", () => {
  it("is the same for the same facts in any order", () => {
    const property = fc.property(world, (given) => {
      const turned = { ...given, members: [...given.members].reverse() };
      assert.deepEqual(planCommittee(turned), planCommittee(given));
    });
    fc.assert(property, RUNS);
  });

  it("never makes an odd number even, and always comes to rest", () => {
    const property = fc.property(world, (given) => {
      settled(given, (before, plan) => {
        const size = votersOf(before.members).length;
        const next = votersOf(applied(before.members, plan)).length;
        if (size % 2 === 1) assert.equal(next % 2, 1, plan.reason);
        // From an even number only a replacement leaves it so.
        else if (next !== size) assert.equal(next % 2, 1, plan.reason);
      });
    });
    fc.assert(property, RUNS);
  });

  it("comes to rest odd wherever three can vote, of at most the target's size", () => {
    const property = fc.property(world, (given) => {
      const end = settled({ ...given, unchangedForMs: STABLE_MS }, () => undefined);
      const size = votersOf(end.members).length;
      const canVote = thereOf(end.members).length + new Roster(end).candidates.length;
      if (size > 2) assert.equal(size % 2, 1);
      else if (canVote >= 3 && given.targetVoters >= 3 && size === 2)
        assert.fail("two voters, and a third is there");
      const most = Math.max(given.targetVoters, SAFE_VOTERS_MIN);
      const spreadHolds = majorityZone(votersOf(end.members)) === null;
      if (size > most) assert.ok(!spreadHolds || blocked(end), `${size} voters, ${most} wanted`);
    });
    fc.assert(property, RUNS);
  });

  it("keeps the leader, and a living majority in the committee before and after", () => {
    const property = fc.property(world, (given) => {
      settled(given, (before, plan) => {
        const next = applied(before.members, plan);
        assert.ok(votersOf(next).some((m) => m.peer === before.self));
        assert.ok(2 * thereOf(next).length > votersOf(next).length);
        assert.ok(votersOf(next).length >= Math.min(SAFE_VOTERS_MIN, votersOf(before.members).length));
        // It outlives at least as many further losses as before.
        const spare = (all: CommitteeMember[]) =>
          thereOf(all).length - Math.floor(votersOf(all).length / 2) - 1;
        const wanted = Math.floor((Math.max(given.targetVoters, SAFE_VOTERS_MIN) - 1) / 2);
        assert.ok(spare(next) >= Math.min(spare([...before.members]), wanted), plan.reason);
      });
    });
    fc.assert(property, RUNS);
  });

  it("takes out a voter only when it is dead for long, not needed any more, or for another", () => {
    const property = fc.property(world, (given) => {
      const plan = planCommittee(given);
      const leaving = plan?.changes.filter((c) => c.kind === "addLearner").map((c) => c.peer) ?? [];
      for (const peer of leaving) {
        const member = given.members.find((m) => m.peer === peer);
        const dead = (member?.health.deadForMs ?? 0) >= STABLE_MS;
        assert.ok(dead || given.unchangedForMs >= STABLE_MS, plan?.reason);
      }
    });
    fc.assert(property, RUNS);
  });

  it("leaves no zone with a majority while a candidate outside it can vote in its stead", () => {
    const property = fc.property(world, (given) => {
      const end = settled({ ...given, unchangedForMs: STABLE_MS }, () => undefined);
      const roster = new Roster(end);
      const able = [...thereOf(end.members), ...roster.candidates].map((m) => m.zone).filter((z) => z !== "");
      const ruling = majorityZone(votersOf(end.members));
      if (new Set(able).size < 3 || ruling === null || votersOf(end.members).length < 3) return;
      const others = roster.candidates.filter((m) => m.zone !== "" && m.zone !== ruling);
      assert.deepEqual(others, [], `${ruling} holds a majority, and others could vote`);
    });
    fc.assert(property, { numRuns: 10_000 });
  });
});

/** Whether every pair that could go would give one of three zones a majority, or leave too few that are there. */
function blocked(end: CommitteeView): boolean {
  const roster = new Roster(end);
  const changes = roster.spare(2).map(({ peer }) => ({ kind: "addLearner" as const, peer }));
  return !roster.allows(changes);
}
