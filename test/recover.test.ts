/** Two of three voters are gone for good: the third goes on alone by force, and nobody follows it unasked. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RecoverResult } from "../daemon/recovery/index.js";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";

const BIN = fileURLToPath(new URL("../daemon/cli/bin.js", import.meta.url));
const STEP_MS = 120_000;
/** More than a node writes here. */
const LOG_LINES = 100_000;
const REQUEST = {
  dataset: "builtin:moby-dick",
  rounds: 5000,
  batch_size: 4,
  inner_steps: 4,
  evaluate_every: 50,
  seed: 3,
  model: { type: "gpt2", hidden_size: 16, num_layers: 1, num_heads: 2, context_length: 16 },
};

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function ncrsh(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

describe("recovery by force", function () {
  this.timeout(420_000);
  let root: string;
  let swarm: LocalSwarm;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-recover-"));
    swarm = new LocalSwarm({ root, founders: 3 });
  });

  after(async function () {
    await swarm.stopAll();
    if (this.test?.parent?.tests.some((t) => t.state === "failed")) {
      for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 5)}`);
    }
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** With the settings that the node is started with. */
  const recover = (node: LocalNode, waitS: number, ...args: string[]) => {
    const others = swarm.nodes.filter((n) => n !== node).map((n) => `${n.listen}/p2p/${n.peer}`);
    return ncrsh(
      ...[
        "consensus",
        "recover",
        "--data-dir",
        node.dataDir,
        "--listen",
        node.listen,
        "--network-mdns=false",
      ],
      ...others.flatMap((address) => ["--bootstrap", address]),
      ...["--wait", String(waitS), "--json", ...args],
    );
  };

  const height = (node: LocalNode, least: number) =>
    eventually(
      `version ${least} on ${node.name}`,
      async () => {
        const view = await node.api.consensus();
        return (view.height ?? -1) >= least ? view : null;
      },
      STEP_MS,
    );

  const refusedWith = (node: LocalNode, words: RegExp) =>
    eventually(`${node.name} says why`, () => words.test(swarm.logTail(node, LOG_LINES)) || null, STEP_MS);

  it("is refused while a quorum is there, then goes on alone, and takes in only who accepts it", async () => {
    for (let i = 0; i < 3; i++) swarm.start(await swarm.add());
    const [survivor, second, third] = swarm.nodes as [LocalNode, LocalNode, LocalNode];
    await swarm.formed(STEP_MS);
    await survivor.api.startTraining(REQUEST);
    await height(survivor, 2);

    const running = await recover(survivor, 1);
    assert.match(running.err, /in use by/);
    await swarm.stop(survivor);
    const quorate = await recover(survivor, 60, "--confirm", "000000000000");
    assert.equal(quorate.code, 4, quorate.err);
    assert.match(quorate.err, /a quorum is reachable: [23] of the 3 in the configuration.*node-[23] \(/);

    await Promise.all([second, third].map((node) => swarm.kill(node)));
    const told = await recover(survivor, 2);
    assert.equal(told.code, 0, told.err);
    const { account, done } = JSON.parse(told.out) as RecoverResult;
    assert.equal(done, null);
    assert.deepEqual([...account.silent].sort(), [second.peer, third.peer].sort());
    const forced = await recover(survivor, 2, "--confirm", account.code);
    assert.equal(forced.code, 0, forced.err);
    const { done: recovered } = JSON.parse(forced.out) as RecoverResult;
    assert.ok(recovered);

    // Alone, from the version that it had.
    swarm.start(survivor);
    const alone = await height(survivor, (account.version?.height ?? 0) + 2);
    assert.deepEqual(
      alone.voters.map((v) => v.id),
      [survivor.peer],
    );
    const { decisions } = await survivor.api.history();
    const entry = decisions.find((d) => d.type === "recovered");
    assert.deepEqual([entry?.index, entry?.signers], [recovered.index, [survivor.peer]]);
    assert.ok(entry?.reason?.includes(recovered.digest));

    // A newcomer that was not told to follow it.
    const newcomer = await swarm.add();
    swarm.start(newcomer);
    await refusedWith(newcomer, new RegExp(`--accept-recovery ${recovered.digest}`));
    assert.equal((await newcomer.api.consensus()).role, "none");
    assert.deepEqual((await survivor.api.consensus()).learners, []);
    await swarm.stop(newcomer);
    swarm.start(newcomer, ["--accept-recovery", recovered.digest]);
    await eventually(
      "the newcomer belongs",
      async () => {
        const { learners } = await newcomer.api.consensus();
        return learners.some(({ id }) => id === newcomer.peer) || null;
      },
      STEP_MS,
    );
    const together = await height(newcomer, (alone.height ?? 0) + 2);
    // One voter and a spare: two voters would need each other.
    assert.equal(together.voters.length, 1);

    // One that was given up comes back as it was: it hears nobody, and is not heard.
    swarm.start(second);
    await refusedWith(second, /was recovered by force \(sha256:/);
    const back = await eventually(
      "it has its old log",
      async () => {
        const view = await second.api.consensus();
        return view.voters.length === 3 ? view : null;
      },
      STEP_MS,
    );
    assert.equal(back.leader, null);
    assert.equal((await survivor.api.consensus()).voters.length, 1);
    await height(survivor, (together.height ?? 0) + 1);

    await survivor.api.stopTraining();
    const session = await eventually(
      "the session ends",
      async () => {
        const training = await newcomer.api.training();
        return training.status === "stopped" ? training.session_id : null;
      },
      STEP_MS,
    );
    for (const node of [survivor, newcomer]) {
      const file = join(root, `${node.name}.tar`);
      await eventually(
        "the whole lineage",
        async () => {
          await node.api.download(session, file);
          return true;
        },
        STEP_MS,
      );
      const verify = (...args: string[]) => ncrsh("consensus", "verify-lineage", file, "--json", ...args);
      const unaccepted = await verify();
      assert.equal(unaccepted.code, 1);
      assert.match(JSON.parse(unaccepted.out).problems.join(), /given up by force.*--accept-recovery/);
      const accepted = await verify("--accept-recovery", recovered.digest);
      assert.equal(accepted.code, 0, accepted.out);
      assert.deepEqual(
        JSON.parse(accepted.out).recoveries.map((r: { digest: string }) => r.digest),
        [recovered.digest],
      );
    }
  });
});
