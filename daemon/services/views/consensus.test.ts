import assert from "node:assert/strict";
import type { HistoryEntry } from "../../../consensus/control/index.js";
import { testHash } from "../../../consensus/testing/committee.js";
import { assertView } from "../testing/assert_view.js";
import { A, B, C, controlFixture, snapshotFixture } from "../testing/snapshot.js";
import {
  consensusStatusView,
  consensusStatusViewSchema,
  historyView,
  historyViewSchema,
} from "./consensus.js";
import {
  healthView,
  healthViewSchema,
  liveView,
  liveViewSchema,
  readyView,
  readyViewSchema,
} from "./health.js";

const entry = (index: number): HistoryEntry => ({
  index,
  term: 1,
  atMs: 1000 * index,
  type: "version",
  session: "s",
  round: index,
  height: index,
  version: testHash(`version-${index}`),
  contributors: [A],
  rejected: [{ peer: B, reason: "late" }],
  signers: [A, B],
  reason: null,
});

describe("daemon/services: consensus and health", () => {
  it("counts the voters that can be reached against the majority", () => {
    const view = consensusStatusView(snapshotFixture());
    assert.deepEqual(view.quorum, { voters: 3, needed: 2, alive: 2, reachable: true });
    assert.deepEqual([view.leader, view.leader_name, view.role, view.term], [A, "node-a", "follower", 3]);
    const alone = consensusStatusView(snapshotFixture({ presence: [] }));
    assert.deepEqual(alone.quorum, { voters: 3, needed: 2, alive: 1, reachable: false });
    assert.deepEqual(
      alone.voters.map((v) => [v.id, v.alive]),
      [
        [A, false],
        [B, true],
        [C, false],
      ],
    );
    const none = consensusStatusView(snapshotFixture({ control: null, raft: null }));
    for (const status of [view, alone, none]) assertView(consensusStatusViewSchema, status);
    assert.deepEqual([none.role, none.term, none.quorum.reachable], ["none", null, false]);
  });

  it("pages the history backwards without losing or repeating an entry", () => {
    const indexes = [1, 2, 4, 4, 4, 7, 8, 9, 12];
    const control = controlFixture({ history: indexes.map(entry), historyTotal: 100 });
    const seen: number[] = [];
    let before: number | null = null;
    do {
      const page = historyView(control, { limit: 2, before });
      assertView(historyViewSchema, page);
      assert.equal(page.total, 100);
      assert.ok(page.decisions.length > 0);
      seen.push(...page.decisions.map((d) => d.index));
      before = page.next_before;
    } while (before !== null);
    assert.deepEqual(seen, [...indexes].reverse());
    assert.deepEqual(historyView(control, { limit: 5, before: 1 }).decisions, []);
    assert.deepEqual(historyView(null, { limit: 5, before: null }), {
      decisions: [],
      total: 0,
      kept: 0,
      next_before: null,
    });
  });

  it("is ready only when every check is, and says of each why not", () => {
    assert.equal(readyView(snapshotFixture()).ready, true);
    const raft = { ...snapshotFixture().raft!, leader: null, commitIndex: 5000 };
    const view = readyView(snapshotFixture({ raft, checks: { disk: "full", trainer: null } }));
    assert.equal(view.ready, false);
    assert.deepEqual(
      Object.entries(view.checks).map(([name, check]) => [name, check.ok]),
      [
        ["swarm", true],
        ["leader", false],
        ["quorum", true],
        ["log", false],
        ["disk", false],
        ["trainer", true],
      ],
    );
    assertView(readyViewSchema, view);
    assertView(healthViewSchema, healthView(snapshotFixture({ raft: null })));
    assertView(liveViewSchema, liveView(snapshotFixture()));
    assert.match(view.checks.log?.reason ?? "", /4958 committed/);
    const alone = snapshotFixture();
    const silent = { presence: alone.presence.map((p) => ({ ...p, alive: false })) };
    const cutOff = readyView(snapshotFixture(silent));
    assert.deepEqual(
      [cutOff.ready, cutOff.checks.leader?.ok, cutOff.checks.quorum?.ok],
      [false, true, false],
    );
    assert.match(cutOff.checks.quorum?.reason ?? "", /only 1 of 3 voters can be reached, and 2 are needed/);
    assert.equal(readyView(snapshotFixture({ ...silent, follows: true })).checks.quorum?.ok, true);
    const stranger = readyView(snapshotFixture({ control: controlFixture({ voters: [A, C] }) }));
    assert.equal(stranger.checks.swarm?.ok, false);
    const unformed = readyView(snapshotFixture({ control: null, raft: null }));
    assert.match(unformed.checks.swarm?.reason ?? "", /no swarm/);
  });
});
