/** The promise under partitions: a side without a majority decides nothing and says so, the other one goes on. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { LocalNode } from "../../scripts/lib/local_swarm.js";
import { assertDecidesNothing, assertStillReads } from "./cut_off.js";
import { assertEveryBatchOnce, assertOneLineage } from "./ending.js";
import { decided, NetnsSwarm, namesOf } from "./netns_swarm.js";
import { Story } from "./story.js";

const VERSIONS = 3;
const FLAPS = 8;
const FLAP_MS = 4000;

describe("a swarm whose network is cut", function () {
  this.timeout(600_000);
  let swarm: NetnsSwarm;
  let roles: Awaited<ReturnType<NetnsSwarm["whole"]>>;
  const story = new Story();

  before(async () => {
    // The log stays whole, so that it can be replayed from its beginning.
    const flags = ["--consensus-snapshot-every-entries", "1000000"];
    // Ten processes on few cores stand still for a second now and then: the stories are about cuts, and which node
    // leads must not change for another reason.
    flags.push("--consensus-election-ticks", "20");
    swarm = await NetnsSwarm.form("cuts", flags);
    await story.step("formed by mDNS alone in", swarm.train());
  });

  beforeEach(async () => {
    roles = await story.step("whole", swarm.whole());
  });

  afterEach(function () {
    swarm.links.heal();
    story.print();
    if (this.currentTest?.state !== "failed") return;
    for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.local.logTail(node, 5)}`);
  });

  after(() => swarm?.stop());

  /** Between the cut, which has been made, and the healing. */
  async function lives(minority: LocalNode[], majority: LocalNode[]): Promise<void> {
    await story.step("noticed", swarm.leaderless(minority));
    const frozen = await swarm.standings(minority);
    const session = (await (majority[0] as LocalNode).api.training()).session_id;
    await story.step(`${VERSIONS} versions by the majority`, swarm.progress(majority, VERSIONS));
    await story.step("asked for decisions", () =>
      Promise.all(minority.map((node) => assertDecidesNothing(node, majority[0] as LocalNode))),
    );
    for (const node of minority) await assertStillReads(node, swarm.folder);
    await swarm.progress(majority, 1);
    const still = await swarm.standings(minority);
    assert.deepEqual(still.map(decided), frozen.map(decided), namesOf(minority));
    const { height } = await swarm.standing(majority[0] as LocalNode);
    for (const behind of still) assert.ok(behind.height < height, `${behind.height} < ${height}`);
    swarm.links.heal();
    await story.step("whole after healing", swarm.whole());
    // What was asked of the minority has not been done behind anybody's back.
    for (const node of swarm.nodes) {
      const { session_id, status } = await node.api.training();
      assert.deepEqual([session_id, status], [session, "running"], node.name);
      assert.equal((await node.api.consensus()).voters.length, 5, node.name);
    }
  }

  it("goes on with three of five, among them the leader", async () => {
    const [leader, b, c, d, e] = roles;
    swarm.cut([leader, b, c], [d, e]);
    await lives([d, e], [leader, b, c]);
  });

  it("goes on with three of five that elect a leader", async () => {
    const [leader, b, c, d, e] = roles;
    swarm.cut([leader, b], [c, d, e]);
    await lives([leader, b], [c, d, e]);
  });

  it("goes on without a leader that is alone", async () => {
    const [leader, ...others] = roles;
    swarm.cut([leader], others);
    await lives([leader], others);
  });

  it("goes on beside a bridge that sees both sides, on the leader's side", async () => {
    const [leader, b, bridge, d, e] = roles;
    swarm.cut([leader, b], [d, e]);
    await lives([d, e], [leader, b, bridge]);
  });

  it("goes on everywhere when the bridge itself leads", async () => {
    const [bridge, b, c, d, e] = roles;
    swarm.cut([b, c], [d, e]);
    await story.step(`${VERSIONS} versions by all`, swarm.progress(swarm.nodes, VERSIONS));
    swarm.links.heal();
    assert.equal(await swarm.leaderOf(swarm.nodes), bridge, "nobody was elected against it");
  });

  it("decides nothing anywhere while no side has a majority, and goes on afterwards", async () => {
    const [leader, b, c, d, e] = roles;
    swarm.cut([leader, b], [c, d, e]);
    swarm.cut([c, d], [e]);
    await story.step("noticed", swarm.leaderless(swarm.nodes));
    const frozen = await swarm.standings(swarm.nodes);
    await story.step("asked for decisions", () =>
      Promise.all(swarm.nodes.map((node) => assertDecidesNothing(node, e))),
    );
    for (const node of swarm.nodes) await assertStillReads(node, swarm.folder);
    assert.deepEqual((await swarm.standings(swarm.nodes)).map(decided), frozen.map(decided));
    swarm.links.heal();
    await story.step("whole after healing", swarm.whole());
    const next = Math.max(...frozen.map((s) => s.height)) + 1;
    const { decisions } = await leader.api.history();
    const { contributors } = decisions.find((d) => d.type === "version" && d.height === next) ?? {};
    story.note(`updates of ${contributors?.length} nodes in the first version after it`);
  });

  it("goes on without a leader that hears and is not heard", async () => {
    const [leader, ...others] = roles;
    swarm.deafen(others, [leader]);
    await lives([leader], others);
  });

  it("goes on without a leader that is heard and does not hear", async () => {
    const [leader, ...others] = roles;
    swarm.deafen([leader], others);
    await lives([leader], others);
  });

  it("goes on after a cut that comes and goes every few seconds, along changing lines", async () => {
    const before = Math.max(...(await swarm.standings(swarm.nodes)).map((s) => s.height));
    for (let i = 0; i < FLAPS; i++) {
      const turned = [...swarm.nodes.slice(i % 5), ...swarm.nodes.slice(0, i % 5)];
      swarm.cut(turned.slice(0, 2), turned.slice(2));
      await setTimeout(FLAP_MS);
      await swarm.standings(swarm.nodes);
      swarm.links.heal();
      await setTimeout(FLAP_MS);
      await swarm.standings(swarm.nodes);
    }
    const flapped = Math.max(...(await swarm.standings(swarm.nodes)).map((s) => s.height)) - before;
    story.note(`${flapped} versions during ${FLAPS} cuts of ${FLAP_MS / 1000} s`);
    await story.step("whole after flapping", swarm.whole());
    await swarm.progress(swarm.nodes, VERSIONS);
  });

  it("ends with one lineage on all nodes, and every batch counted once", async () => {
    await assertOneLineage(swarm);
    story.note(`${swarm.seen.size} versions seen`);
    await assertEveryBatchOnce(swarm);
  });
});
