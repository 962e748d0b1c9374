import assert from "node:assert/strict";
import { parseCases } from "../datadriven.js";
import { accountOf, differencesOf } from "./compare.js";
import { readTrace } from "./read_trace.js";
import { lineOn, verdictOn } from "./report.js";
import { runScenario } from "./scenario.js";
import type { TraceMessage } from "./trace.js";

/** Two nodes elect a leader, which commits an entry; written for this test. */
const ELECTION = `
log-level none
----
ok

add-nodes 2 voters=(1,2) index=5
----
ok

log-level debug
----
ok

campaign 1
----
ok

stabilize
----
> 1 handling Ready
  Ready MustSync=true:
  Lead:0 State:StateCandidate
  HardState Term:1 Vote:1 Commit:5
  Messages:
  1->2 MsgVote Term:1 Log:1/5
> 2 receiving messages
  1->2 MsgVote Term:1 Log:1/5
> 2 handling Ready
  Ready MustSync=true:
  HardState Term:1 Vote:1 Commit:5
  Messages:
  2->1 MsgVoteResp Term:1 Log:0/0
> 1 receiving messages
  2->1 MsgVoteResp Term:1 Log:0/0
> 1 handling Ready
  Ready MustSync=true:
  Lead:1 State:StateLeader
  Entries:
  1/6 EntryNormal ""
  Messages:
  1->2 MsgApp Term:1 Log:1/5 Commit:5 Entries:[1/6 EntryNormal ""]
> 2 receiving messages
  1->2 MsgApp Term:1 Log:1/5 Commit:5 Entries:[1/6 EntryNormal ""]
> 2 handling Ready
  Ready MustSync=true:
  Lead:1 State:StateFollower
  Entries:
  1/6 EntryNormal ""
  Messages:
  2->1 MsgAppResp Term:1 Log:0/6
> 1 receiving messages
  2->1 MsgAppResp Term:1 Log:0/6
> 1 handling Ready
  Ready MustSync=false:
  HardState Term:1 Vote:1 Commit:6
  CommittedEntries:
  1/6 EntryNormal ""
  Messages:
  1->2 MsgApp Term:1 Log:1/6 Commit:6
> 2 receiving messages
  1->2 MsgApp Term:1 Log:1/6 Commit:6
> 2 handling Ready
  Ready MustSync=false:
  HardState Term:1 Vote:1 Commit:6
  CommittedEntries:
  1/6 EntryNormal ""
  Messages:
  2->1 MsgAppResp Term:1 Log:0/6
> 1 receiving messages
  2->1 MsgAppResp Term:1 Log:0/6

raft-state
----
1: StateLeader (Voter) Term:1 Lead:1
2: StateFollower (Voter) Term:1 Lead:1

status 1
----
1: StateReplicate match=6 next=7
2: StateReplicate match=6 next=7

raft-log 2
----
1/6 EntryNormal ""
`;

const run = (text: string) => runScenario(parseCases(text));
const counts = (text: string) => {
  const { state, messages, entries } = run(text).differing;
  return [state.length, messages.length, entries.length];
};

describe("interaction scenarios", () => {
  it("are equal when everything is told alike", () => {
    const result = run(ELECTION);
    assert.deepEqual(counts(ELECTION), [0, 0, 0]);
    assert.equal(result.compared, 5);
    assert.equal(verdictOn("ours.txt", result), "equal");
    assert.match(lineOn("ours.txt", result), /5 commands compared: state, messages, entries equal$/);
  });

  it("differ in the part that is told otherwise, and only there", () => {
    const changed = (from: string, to: string) => counts(ELECTION.replace(from, to));
    assert.deepEqual(
      changed("HardState Term:1 Vote:1 Commit:6", "HardState Term:1 Vote:2 Commit:6"),
      [1, 0, 0],
    );
    assert.deepEqual(changed("(Voter) Term:1 Lead:1", "(Non-Voter) Term:1 Lead:1"), [1, 0, 0]);
    assert.deepEqual(changed("2: StateReplicate match=6", "2: StateReplicate match=5"), [1, 0, 0]);
    assert.deepEqual(changed("1->2 MsgVote Term:1 Log:1/5", "1->2 MsgVote Term:1 Log:1/4"), [0, 1, 0]);
    assert.deepEqual(changed('CommittedEntries:\n  1/6 EntryNormal ""', "CommittedEntries:"), [0, 0, 1]);
    assert.deepEqual(
      changed('raft-log 2\n----\n1/6 EntryNormal ""', 'raft-log 2\n----\n1/6 EntryNormal "x"'),
      [0, 0, 1],
    );
    assert.equal(verdictOn("ours.txt", run(ELECTION.replace("Commit:6", "Commit:5"))), "unexpected");
  });

  it("end where our core has nothing like the command", () => {
    const result = run(`${ELECTION}\nforget-leader 2\n----\nok\n\nraft-state\n----\nok\n`);
    assert.match(result.end?.why ?? "", /only time/);
    assert.equal(result.compared, 5);
    assert.equal(verdictOn("ours.txt", result), "unexpected");
  });

  it("that are known to differ do so in exactly that many commands", () => {
    const equal = run(ELECTION);
    assert.equal(verdictOn("checkquorum.txt", equal), "unexpected");
    const later = { line: 1, command: "x", differences: [] };
    assert.equal(
      verdictOn("checkquorum.txt", { ...equal, differing: { ...equal.differing, messages: [later] } }),
      "known",
    );
  });

  it("stop a runner that does not understand them", () => {
    assert.throws(() => run("dance 1\n----\nok\n"), /unknown command dance/);
    assert.throws(() => run("raft-state\n----\nsomething else\n"), /cannot read "something else"/);
  });
});

describe("etcd's output", () => {
  const read = (text: string) =>
    readTrace({ command: "stabilize", args: [], input: "", line: 1, expected: text });

  it("is read with lists of entries, snapshots and what storage threads answer", () => {
    const events = read(`> 1 handling Ready
  Ready MustSync=true:
  Messages:
  1->2 MsgApp Term:2 Log:1/4 Commit:3 Entries:[
    2/5 EntryNormal "a b"
    2/6 EntryConfChangeV2 v1 l2
  ]
  1->3 MsgSnap Term:2 Log:0/0
    Snapshot: Index:4 Term:1 ConfState:Voters:[1 2] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false
  1->AppendThread MsgStorageAppend Term:0 Log:0/0 Entries:[
    2/5 EntryNormal "a b"
    2/6 EntryConfChangeV2 v1 l2
  ] Responses:[
    1->1 MsgAppResp Term:2 Log:0/6
  ]
  INFO 1 switched to configuration voters=(1 2)
> 1 processing append thread
  Processing:
  1->AppendThread MsgStorageAppend Term:0 Log:0/0
  Responses:
  1->2 MsgAppResp Term:2 Log:1/3 Rejected (Hint: 2)
`);
    const [configuration, ready, done] = events;
    assert.deepEqual(configuration, { kind: "configuration", node: "1", text: "voters=(1 2)" });
    assert.equal(ready?.kind, "ready");
    const [append, snap, storage] = ready?.kind === "ready" ? ready.messages : [];
    assert.deepEqual(
      append?.entries.map(({ data }) => data),
      ['"a b"', "v1 l2"],
    );
    assert.match(snap?.snapshot ?? "", /^Index:4 Term:1 ConfState:Voters:\[1 2\]/);
    assert.equal(storage?.responses[0]?.index, 6);
    const reply = done?.kind === "threadDone" ? done.responses[0] : undefined;
    assert.deepEqual([reply?.rejected, reply?.hint, reply?.logTerm], [true, 2, 1]);
  });
});

describe("messages of one Ready", () => {
  const message = (part: Partial<TraceMessage>): TraceMessage => ({
    ...{
      from: "1",
      to: "2",
      type: "MsgApp",
      term: 1,
      logTerm: 1,
      index: 4,
      rejected: false,
      hint: 0,
      commit: 0,
    },
    ...{ entries: [], snapshot: null, responses: [], ...part },
  });
  const sent = (...messages: TraceMessage[]) =>
    accountOf([
      {
        kind: "ready",
        node: "1",
        hard: null,
        soft: null,
        entries: [],
        committed: [],
        snapshot: null,
        messages,
      },
    ]).messages;
  const entry = (index: number) => ({ term: 1, index, kind: "normal", data: '"x"' }) as const;

  it("count as one where one append goes on where the other ends", () => {
    const whole = sent(message({ entries: [entry(5), entry(6)], commit: 4 }));
    const parts = sent(
      message({ entries: [entry(5)] }),
      message({ index: 5, entries: [entry(6)], commit: 4 }),
    );
    assert.deepEqual(differencesOf(whole, parts), []);
    const gap = sent(message({ entries: [entry(5)] }), message({ index: 6, entries: [entry(7)] }));
    assert.equal(gap.get("1->2 sends")?.length, 2);
  });

  it("do not when one is a refusal, or of another term", () => {
    const reply = (part: Partial<TraceMessage>) => message({ type: "MsgAppResp", ...part });
    assert.equal(sent(reply({ index: 4 }), reply({ index: 5 })).get("1->2 sends")?.length, 1);
    assert.equal(sent(reply({ index: 4 }), reply({ index: 5, rejected: true })).get("1->2 sends")?.length, 2);
    assert.equal(sent(reply({ index: 4 }), reply({ index: 5, term: 2 })).get("1->2 sends")?.length, 2);
  });

  it("leave out what a node says to itself", () => {
    assert.equal(sent(message({ to: "AppendThread" }), message({ to: "1" })).size, 0);
  });
});
