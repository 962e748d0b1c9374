import assert from "node:assert/strict";
import { Committee, testHash } from "../testing/committee.js";
import type { Certificate, Committee as CommitteeState } from "../types.js";
import { committeeAfter } from "../votes/index.js";
import { encodeCommand } from "./commands.js";
import {
  coversProven,
  followVersion,
  type Proven,
  TOLD_HISTORY_MAX,
  toldFault,
  toldState,
} from "./followed.js";
import { ControlMachine } from "./machine.js";
import type { ControlState, SessionState } from "./state.js";

const committee = new Committee(3);
const chain = committee.chain(8);
const founders: CommitteeState = { seq: 0, voters: committee.names, digest: null };
const proven: Proven = {
  swarm: "test",
  formation: committee.formation,
  committee: founders,
  committees: new Set([committee.names.join()]),
};

/** The state of a member that has applied the session's first `versions` versions. */
function memberState(versions: number): ControlState {
  const facts = { swarm: "test", formation: committee.formation, voters: committee.names };
  const machine = new ControlMachine(facts, committee.verify);
  let index = 0;
  machine.configure({ voters: committee.names, learners: [] }, { index: ++index, term: 1 });
  const create = { v: 1, type: "session.create", id: "s1", spec: {}, rounds: 99, batches: null } as const;
  const by = committee.names[0] as string;
  machine.apply(encodeCommand({ ...create, participants: [...committee.names], by, atMs: 1 }), {
    index: ++index,
    term: 1,
  });
  for (const { decision, votes } of chain.slice(0, versions)) {
    const certificate = { decision, votes: [...votes] };
    const participants = [...committee.names];
    const commit = {
      v: 1,
      type: "round.commit",
      certificate,
      participants,
      evaluation: null,
      atMs: 2,
    } as const;
    machine.apply(encodeCommand(commit), { index: ++index, term: 1 });
  }
  return machine.state;
}

const certificateOf = ({ height }: SessionState) => chain[height] ?? null;
const fault = (
  told: ControlState,
  changes: Partial<Proven> = {},
  head: (session: SessionState) => Certificate | null = certificateOf,
  reached: number | null = null,
) => toldFault(told, { ...proven, ...changes }, head, () => reached, committee.verify);

describe("consensus/control: followed from outside", () => {
  const told = memberState(4);
  const session = told.session as SessionState;

  it("takes a state whose committee and versions are proven", () => {
    assert.equal(fault(told), null);
    assert.equal(fault(memberState(0)), null, "a session without a version has nothing to prove");
    assert.equal(fault(told, {}, certificateOf, 3), null);
  });

  it("refuses what is not", () => {
    const other = (changes: Partial<SessionState>) => ({ ...told, session: { ...session, ...changes } });
    const cases: [RegExp, string | null][] = [
      [/another swarm/, fault({ ...told, formation: testHash("other") })],
      [/committee 1, this node knows of committee 0/, fault({ ...told, committee: { ...founders, seq: 1 } })],
      [/committee 0/, fault({ ...told, committee: { ...founders, voters: ["me"] } })],
      [/no certificate/, fault(told, {}, () => null)],
      [/another version/, fault(other({ height: 2 }), {}, () => chain[3] ?? null)],
      [/another one/, fault(other({ parent: testHash("invented") }))],
      [
        /names another version/,
        fault(other({ version: { hash: testHash("v"), bytes: 1, chunkRoot: testHash("c") } })),
      ],
      [/never the committee/, fault(told, { committees: new Set(["me"]) })],
      [/has reached height 4 already/, fault(told, {}, certificateOf, 4)],
      [/has reached height 4 already/, fault(memberState(0), {}, certificateOf, 4)],
    ];
    for (const [expected, found] of cases) assert.match(found ?? "followed", expected);
    const unsigned = { decision: (chain[3] as Certificate).decision, votes: [] };
    assert.match(fault(told, {}, () => unsigned) ?? "", /0 of 3 voters signed/);
  });

  it("checks past sessions like the current one", () => {
    const past = { ...told, session: null, past: [{ ...session, status: "finished" as const }] };
    assert.equal(fault(past), null);
    assert.match(fault(past, {}, () => null) ?? "", /no certificate/);
  });

  it("takes a version of an earlier committee, whose handover is proven", () => {
    const handover = committee.handOver(founders, committee.names.slice(0, 2));
    const after = committeeAfter(handover);
    const committees = new Set([...proven.committees, after.voters.join()]);
    assert.equal(fault({ ...told, committee: after }, { committee: after, committees }), null);
  });

  it("goes on by certificates alone, as the members do by the log", () => {
    const participants = [committee.names[0] as string];
    let state: ControlState = { ...told, session: { ...session, participants } };
    for (const certificate of chain.slice(4)) {
      const next = followVersion(state, certificate, 2, committee.verify);
      assert.ok(next !== null);
      state = next;
    }
    const member = memberState(8);
    assert.equal(state.index, member.index);
    assert.deepEqual(state.history, member.history);
    assert.deepEqual({ ...state.session, participants: [] }, { ...member.session, participants: [] });
  });

  it("goes on with a session that it was told is paused: a new version shows that it is not any more", () => {
    const paused: ControlState = {
      ...told,
      session: { ...session, status: "paused", round: session.round + 1 },
    };
    const next = chain[4] as Certificate;
    assert.equal(
      followVersion(paused, next, 2, committee.verify),
      null,
      "of the round that the pause has closed",
    );
    const later = committee.certify({ ...next.decision, round: next.decision.round + 1 });
    const { session: after } = followVersion(paused, later, 2, committee.verify) ?? { session: null };
    assert.deepEqual([after?.status, after?.height], ["running", session.height + 1]);
  });

  it("does not go on by what does not follow, or is not signed", () => {
    const follow = (certificate: Certificate) => followVersion(told, certificate, 2, committee.verify);
    const next = chain[4] as Certificate;
    assert.equal(follow(chain[5] as Certificate), null, "a gap");
    assert.equal(follow(chain[3] as Certificate), null, "not new");
    assert.equal(follow({ ...next, votes: next.votes.slice(0, 1) }), null);
    const minority = committee.names.slice(0, 1);
    assert.equal(follow(committee.certify({ ...next.decision, voters: minority }, minority)), null);
    assert.ok(follow(next) !== null);
  });

  it("knows when a log has caught up", () => {
    const newer = memberState(5);
    assert.deepEqual(
      [coversProven(newer, told), coversProven(told, told), coversProven(told, newer)],
      [true, true, false],
    );
    assert.equal(
      coversProven(
        { ...newer, committee: { ...founders, seq: 0 } },
        { ...told, committee: { ...founders, seq: 1 } },
      ),
      false,
    );
    assert.equal(coversProven({ ...newer, session: null }, told), false);
  });

  it("tells of the newest entries of the history only", () => {
    const entries = Array.from({ length: 2 * TOLD_HISTORY_MAX }, (_, i) => ({
      ...told.history[0],
      index: i,
    }));
    const { history } = toldState({ ...told, history: entries as ControlState["history"] });
    assert.deepEqual([history.length, history.at(-1)?.index], [TOLD_HISTORY_MAX, 2 * TOLD_HISTORY_MAX - 1]);
  });
});
