/** Bad links, and a cut of minutes whose minority has missed more than the others' logs still hold. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { eventually } from "../../scripts/lib/node_client.js";
import { assertDecidesNothing, assertStillReads } from "./cut_off.js";
import { assertOneLineage } from "./ending.js";
import { decided, NetnsSwarm, STEP_MS } from "./netns_swarm.js";
import { Story } from "./story.js";

const VERSIONS = 5;
const LOSS = 0.15;
const RATE_KBIT = 1000;
/** `npm run test:netns -- --cut-seconds 600` for longer. */
const CUT_S = Number(process.env.NETNS_CUT_S ?? 120);
const SNAPSHOT_ENTRIES = 16;

describe("a swarm on bad links", function () {
  this.timeout((600 + CUT_S) * 1000);
  let swarm: NetnsSwarm;
  const story = new Story();

  before(async () => {
    swarm = await NetnsSwarm.form("links", ["--consensus-snapshot-every-entries", String(SNAPSHOT_ENTRIES)]);
    await story.step("formed by mDNS alone in", swarm.train());
  });

  beforeEach(() => story.step("whole", swarm.whole()));

  afterEach(function () {
    swarm.links.heal();
    story.print();
    if (this.currentTest?.state !== "failed") return;
    for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.local.logTail(node, 5)}`);
  });

  after(() => swarm?.stop());

  it("commits versions on all nodes while every seventh packet is lost", async () => {
    await story.step(`${VERSIONS} versions without loss`, swarm.progress(swarm.nodes, VERSIONS));
    swarm.links.lose(swarm.at(swarm.nodes), LOSS);
    await story.step(`${VERSIONS} versions with ${LOSS * 100} %`, swarm.progress(swarm.nodes, VERSIONS));
  });

  it("commits versions on all nodes over links of a megabit a second", async () => {
    swarm.links.limit(swarm.at(swarm.nodes), RATE_KBIT);
    await story.step(`${VERSIONS} versions at ${RATE_KBIT} kbit/s`, swarm.progress(swarm.nodes, VERSIONS));
  });

  it("takes a minority back after minutes, from a snapshot", async () => {
    const [leader, b, c, d, e] = await swarm.whole();
    const [majority, minority] = [
      [leader, b, c],
      [d, e],
    ];
    swarm.cut(majority, minority);
    await story.step("noticed", swarm.leaderless(minority));
    const frozen = await swarm.standings(minority);
    const untilMs = Date.now() + CUT_S * 1000;
    await swarm.progress(majority, SNAPSHOT_ENTRIES * 2);
    while (Date.now() < untilMs) {
      await setTimeout(1000);
      await swarm.standings(swarm.nodes);
    }
    for (const node of minority) {
      await assertDecidesNothing(node, leader);
      await assertStillReads(node, swarm.folder);
    }
    assert.deepEqual((await swarm.standings(minority)).map(decided), frozen.map(decided));
    const missed = (await swarm.standing(leader)).height - (frozen[0]?.height ?? 0);
    story.note(`${missed} versions missed in ${CUT_S} s and the time to ask`);
    swarm.links.heal();
    await story.step("whole after healing", swarm.whole());
    for (const [i, node] of minority.entries()) {
      await eventually(
        `a snapshot on ${node.name}`,
        async () => ((await node.api.consensus()).snapshot_index ?? 0) > (frozen[i]?.commit ?? 0) || null,
        STEP_MS,
      );
    }
  });

  it("ends with one lineage on all nodes", () => assertOneLineage(swarm));
});
