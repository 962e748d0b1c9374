/** A voter that is gone for good loses its vote to a node that is there; back again, it follows. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";

const FOUNDERS = 5;
const STEP_MS = 90_000;
const FLAGS = ["--no-training-enabled", "--consensus-committee-stabilization", "3s"];

describe("the committee's health", function () {
  this.timeout(300_000);
  let root: string;
  let swarm: LocalSwarm;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-committee-"));
    swarm = new LocalSwarm({ root, founders: FOUNDERS, flags: FLAGS });
  });
  after(async function () {
    await swarm.stopAll();
    if (this.currentTest?.state === "failed")
      for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 5)}`);
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  const idsOf = (members: readonly { readonly id: string }[]) => members.map((m) => m.id).sort();
  /** Voters and learners as every node that runs sees them; null while they differ. */
  async function members(): Promise<{ voters: string[]; learners: string[] } | null> {
    const views = await Promise.all(swarm.running().map((node) => node.api.consensus()));
    const all = views.map(({ voters, learners }) => ({ voters: idsOf(voters), learners: idsOf(learners) }));
    const [first] = all;
    return first && all.every((view) => JSON.stringify(view) === JSON.stringify(first)) ? first : null;
  }
  const until = (what: string, voters: readonly string[], learners: readonly string[]) =>
    eventually(
      what,
      async () => {
        const now = await members();
        const same = (a: readonly string[], b: readonly string[]) => a.join() === [...b].sort().join();
        return now && same(now.voters, voters) && same(now.learners, learners) ? true : null;
      },
      STEP_MS,
    );

  it("gives the vote of a voter that stays away to the learner, and lets it follow when it is back", async () => {
    for (let i = 0; i < FOUNDERS; i++) swarm.start(await swarm.add());
    await swarm.formed(STEP_MS);
    const sixth = await swarm.add();
    swarm.start(sixth);
    const founders = swarm.nodes.slice(0, FOUNDERS);
    await until(
      "the sixth node follows",
      founders.map((n) => n.peer),
      [sixth.peer],
    );

    const { leader } = await sixth.api.consensus();
    const gone = founders.find((node) => node.peer !== leader) as LocalNode;
    await swarm.kill(gone);
    const voters = swarm.nodes.filter((node) => node !== gone).map((node) => node.peer);
    await until("the sixth node votes in its place", voters, [gone.peer]);
    const { decisions } = await sixth.api.history();
    const because = decisions.find((d) => d.reason?.startsWith(`${gone.peer} has been away for `));
    assert.deepEqual(because?.contributors, [sixth.peer]);
    await eventually(
      "the committee hands over to the new voters",
      async () => {
        const { decisions } = await sixth.api.history();
        const last = decisions.find((d) => d.type === "committee");
        return last?.contributors.join() === [...voters].sort().join() ? true : null;
      },
      STEP_MS,
    );
    assert.match(await sixth.api.metrics(), /^swarm_committee_voters\{health="alive"\} 5$/m);

    const { commit_index: end } = await sixth.api.consensus();
    swarm.start(gone);
    await eventually(
      "it follows, and has caught up",
      async () => {
        const { role, applied_index } = await gone.api.consensus();
        return role === "learner" && (applied_index ?? 0) >= (end ?? 0) ? true : null;
      },
      STEP_MS,
    );
    await until("everybody agrees", voters, [gone.peer]);
  });
});
