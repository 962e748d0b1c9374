/** Commands against a real API over a fixed swarm. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import type { ApiServer } from "../api/index.js";
import { type ApiFixtureOptions, startTestApi } from "../api/testing/api.js";
import type { VersionVoteSnapshot } from "../services/source.js";
import { downloadOf } from "../services/testing/download.js";
import {
  A,
  controlFixture,
  presenceFixture,
  sessionFixture,
  snapshotFixture,
} from "../services/testing/snapshot.js";
import { settingsAlone } from "../settings/testing/alone.js";
import { EXIT } from "./exit.js";
import { main } from "./main.js";
import { runCli } from "./testing/run.js";

const idle = () => snapshotFixture({ control: controlFixture({ session: null }) });

describe("daemon/cli: commands", () => {
  let api: ApiServer | null = null;
  const open = async (options: ApiFixtureOptions = {}) => {
    api = await startTestApi(options);
  };
  afterEach(async () => {
    await api?.stop();
    api = null;
  });
  const cli = (...args: string[]) => runCli(args, { env: { NCRSH_SWARM_API_URL: api?.address ?? "" } });

  it("shows an overview for people and the views for programs", async () => {
    await open();
    const { exitCode, out } = await cli("status");
    assert.equal(exitCode, EXIT.ok);
    assert.match(out, /^swarm {6}default: 3 nodes, 2 active$/m);
    assert.match(
      out,
      /^consensus {2}follower in term 3, leader node-a \(12D3KooWA\), 2 of 3 voters alive, 2 needed$/m,
    );
    assert.match(
      out,
      /^training {3}training_789ghi running: version 7 of 50, epoch 1\.30 of 3, loss 2\.346, /m,
    );
    assert.match(out, /^ready {6}yes$/m);
    const raw = JSON.parse((await cli("status", "--json")).out);
    assert.deepEqual(Object.keys(raw), ["health", "ready", "nodes", "consensus", "training"]);
  });

  it("votes on the version that waits, and on none when it is not clear which", async () => {
    const cast: unknown[] = [];
    const genesis = new Committee(3).genesis();
    const votes: VersionVoteSnapshot[] = [];
    const waits = (name: string): VersionVoteSnapshot => ({
      decision: { ...genesis, result: { ...genesis.result, hash: testHash(name) } },
      proposer: A,
      askedAtMs: 0,
      state: "awaiting",
      equal: true,
      refusal: null,
      expiresAtMs: 60_000,
      figures: { lossNats: 2.5, accuracy: null, samples: 40 },
    });
    await open({
      snapshot: () => snapshotFixture({ votes: { approval: "manual", timeoutMs: 60_000, open: votes } }),
      commands: {
        vote: async (version, word) => {
          cast.push([version, word]);
          return { decision: { ...genesis, result: { ...genesis.result, hash: version } }, signature: null };
        },
      },
    });
    const none = await cli("consensus", "vote", "approve");
    assert.equal(none.exitCode, EXIT.refused);
    assert.match(none.err, /no version waits for this node's vote/);
    votes.push(waits("v1"));
    assert.match((await cli("consensus", "approvals")).out, /awaiting +equal +2\.5000/);
    const voted = await cli("consensus", "vote", "reject", "--reason", "worse");
    assert.match(voted.out, /^rejected: version .* at height 0, round 0$/);
    votes.push(waits("v2"));
    assert.match((await cli("consensus", "vote", "approve")).err, /several versions wait, say which one/);
    await cli("consensus", "vote", "approve", testHash("v2"));
    assert.deepEqual(cast, [
      [testHash("v1"), { vote: "reject", reason: "worse" }],
      [testHash("v2"), { vote: "approve", reason: null }],
    ]);
    assert.equal((await cli("consensus", "vote", "perhaps")).exitCode, EXIT.usage);
  });

  it("says why a node is not ready", async () => {
    await open({ snapshot: () => snapshotFixture({ control: null, raft: null, presence: [] }) });
    const { exitCode, out } = await cli("status");
    assert.equal(exitCode, EXIT.ok);
    assert.match(out, /^ready {6}no: swarm: this node belongs to no swarm yet/m);
    assert.match(out, /^training {3}nothing has been trained yet$/m);
  });

  it("lists nodes, and shows one", async () => {
    await open();
    const list = await cli("nodes");
    assert.match(list.out, /^NAME +ID +ADDRESS +STATUS/);
    assert.match(list.out, /^node-a +12D3KooWA +10\.0\.0\.1:9473 +active +leader/m);
    assert.match(list.out, /3 nodes, 2 active$/);
    const one = await cli("nodes", "node-a");
    assert.match(one.out, new RegExp(`^id +${A}$`, "m"));
    const nobody = await cli("nodes", "nobody");
    assert.deepEqual([nobody.exitCode, nobody.out], [EXIT.refused, ""]);
    assert.match(nobody.err, /^error: no node nobody in this swarm.*\(NODE_NOT_FOUND, 1001\)$/);
  });

  it("removes a node", async () => {
    const removed: string[] = [];
    await open({ commands: { removeNode: async (peer) => void removed.push(peer) } });
    const one = await cli("nodes", "remove", "node-a");
    assert.deepEqual([one.exitCode, one.err], [EXIT.ok, ""]);
    assert.equal(one.out, `node-a (${A}) is no longer a node of this swarm`);
    assert.deepEqual(removed, [A]);
    const nobody = await cli("nodes", "remove", "nobody");
    assert.deepEqual([nobody.exitCode, nobody.out], [EXIT.refused, ""]);
    const nameless = await cli("nodes", "remove");
    assert.equal(nameless.exitCode, EXIT.usage);
  });

  it("starts, shows and stops training", async () => {
    let snapshot = idle();
    await open({
      snapshot: () => snapshot,
      commands: {
        startTraining: async (request) => {
          assert.deepEqual(
            [request.dataset, request.rounds, request.model?.hidden_size],
            ["builtin:moby-dick", 50, 32],
          );
          snapshot = snapshotFixture();
          return { id: "training_789ghi", replayed: false };
        },
        stopTraining: async () => {
          const session = sessionFixture({ status: "stopped", reason: "stopped on request" });
          snapshot = snapshotFixture({ control: controlFixture({ session }) });
        },
      },
    });
    const request = ["--dataset", "builtin:moby-dick", "--rounds", "50", "--model.hidden-size", "32"];
    const started = await cli("train", "start", ...request);
    assert.equal(started.exitCode, EXIT.ok, started.err);
    assert.match(started.out, /^session +training_789ghi$/m);
    assert.match(started.out, /^warning +few rounds: plain averaging is used$/m);
    assert.match(started.out, /^node-c \(12D3KooWC\) +unreachable/m);
    const again = await cli("train", "start", ...request);
    assert.equal(again.exitCode, EXIT.refused);
    assert.match(again.err, /TRAINING_IN_PROGRESS, 1002/);
    assert.match((await cli("train", "status")).out, /^status +running$/m);
    const stopped = await cli("train", "stop");
    assert.match(stopped.out, /^training_789ghi stopped \(stopped on request\)/);
    assert.equal((await cli("train", "stop")).exitCode, EXIT.refused);
  });

  it("queues a session once, pauses, resumes, lists and takes back", async () => {
    let control = controlFixture();
    const done: unknown[][] = [];
    await open({
      snapshot: () => snapshotFixture({ control }),
      commands: {
        startTraining: async (_, { key, queue }) => {
          done.push(["start", key?.key, queue]);
          const waiting = sessionFixture({
            id: "next",
            status: "queued",
            version: null,
            key: key ?? undefined,
          });
          control = { ...control, queue: [waiting] };
          return { id: "next", replayed: false };
        },
        pauseTraining: async (...order) => void done.push(["pause", ...order]),
        stopTraining: async (...order) => void done.push(["stop", ...order]),
        resumeTraining: async (...order) => void done.push(["resume", ...order]),
      },
    });
    const start = ["train", "start", "--dataset", "builtin:moby-dick", "--queue", "--idempotency-key", "k1"];
    for (let times = 0; times < 2; times++) {
      const { out, err } = await cli(...start);
      assert.match(out, /^status +queued$/m, err);
      assert.match(out, /^waits +in place 1$/m);
    }
    assert.match((await cli(...start, "--seed", "2")).err, /IDEMPOTENCY_CONFLICT, 1124/);
    assert.equal((await cli("train", "pause", "--reason", "maintenance")).exitCode, EXIT.ok);
    control = { ...control, session: sessionFixture({ status: "paused", reason: "maintenance" }) };
    assert.match((await cli("train", "resume")).out, /^training_789ghi paused \(maintenance\): version 7/);
    const { out } = await cli("train", "sessions");
    assert.match(out, /^next +queued \(1\) +builtin:moby-dick /m);
    assert.match(out, /^training_789ghi +paused /m);
    assert.match(
      (await cli("train", "sessions", "--limit", "1")).out,
      /^2 in all; further ones with --cursor \S+$/m,
    );
    assert.equal((await cli("train", "sessions", "--status", "failed")).out, "no sessions");
    assert.match((await cli("train", "status", "--session", "next")).out, /^session +next$/m);
    await cli("train", "stop", "--session", "next");
    assert.deepEqual(done, [
      ["start", "k1", true],
      ["pause", "training_789ghi", "maintenance"],
      ["resume", "training_789ghi"],
      ["stop", "next", "taken back on request"],
    ]);
  });

  it("passes on what the node has against a request", async () => {
    await open({ snapshot: idle });
    const { exitCode, err } = await cli("train", "start", "--dataset", "x", "--rounds", "0");
    assert.equal(exitCode, EXIT.refused);
    assert.match(err, /^error: body\.rounds: .*\(INVALID_REQUEST, 1100\)$/);
  });

  it("watches a session, a line for every change, to its end", async () => {
    const at = (height: number, overrides = {}) => {
      const session = sessionFixture({ height, round: height + 1, ...overrides });
      return snapshotFixture({ control: controlFixture({ session }), presence: [presenceFixture(A)] });
    };
    const course = [at(1), at(1), at(2), at(3, { status: "finished", endedAtMs: 1 })];
    await open({ snapshot: () => (course.length > 1 ? course.shift() : course[0]) as ReturnType<typeof at> });
    const { exitCode, out } = await cli("train", "watch", "--interval", "0.1");
    assert.equal(exitCode, EXIT.ok);
    assert.deepEqual(
      out.split("\n").map((line) => /version \d/.exec(line)?.[0]),
      ["version 1", "version 2", "version 3"],
    );
    assert.match(out, /\ntraining_789ghi finished: /);
  });

  it("fails when the watched session fails, and stops watching when asked", async () => {
    const session = sessionFixture({ status: "failed", reason: "too many rounds failed" });
    await open({ snapshot: () => snapshotFixture({ control: controlFixture({ session }) }) });
    const failed = await cli("train", "watch");
    assert.equal(failed.exitCode, EXIT.failure);
    assert.match(failed.out, /failed \(too many rounds failed\)/);
    await api?.stop();

    await open();
    const stop = new AbortController();
    const watching = runCli(["train", "watch", "--api", api?.address ?? ""], { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    assert.equal((await watching).exitCode, EXIT.ok);
    assert.equal((await cli("train", "watch", "--interval", "0")).exitCode, EXIT.usage);
  });

  it("lists and downloads models, and overwrites nothing by itself", async () => {
    const bytes = Buffer.alloc(200_000, 5);
    await open({
      models: {
        openVersion: async (session, height) =>
          height === 2 ? null : downloadOf(bytes, `${session}-v${height}.tar`),
      },
    });
    const folder = await mkdtemp(join(tmpdir(), "ncrsh-cli-"));
    try {
      assert.match((await cli("models")).out, /^training_789ghi +running +7 /m);
      assert.equal(JSON.parse((await cli("models", "list", "--json")).out).total, 1);
      const file = join(folder, "model.tar");
      const saved = await cli("models", "download", "training_789ghi", "--out", file);
      assert.equal(saved.exitCode, EXIT.ok, saved.err);
      assert.deepEqual(await readFile(file), bytes);
      await writeFile(file, "mine");
      assert.equal((await cli("models", "download", "training_789ghi", "--out", file)).exitCode, EXIT.usage);
      assert.equal(await readFile(file, "utf8"), "mine");
      assert.equal(
        (await cli("models", "download", "training_789ghi", "--out", file, "--force")).exitCode,
        EXIT.ok,
      );
      assert.deepEqual(await readFile(file), bytes);
      const absent = await cli("models", "download", "training_789ghi@2", "--out", join(folder, "other.tar"));
      assert.equal(absent.exitCode, EXIT.refused);
      assert.deepEqual(await readdir(folder), ["model.tar"]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("shows consensus and its history", async () => {
    const history = [
      {
        index: 9,
        term: 2,
        atMs: 1,
        type: "round_failed" as const,
        session: "s",
        round: 4,
        height: 3,
        version: null,
        contributors: [],
        rejected: [{ peer: A, reason: "not finite" }],
        signers: [],
        reason: "nobody contributed",
      },
    ];
    await open({
      snapshot: () => snapshotFixture({ control: controlFixture({ history, historyTotal: 1 }) }),
    });
    const status = await cli("consensus", "status");
    assert.match(status.out, /^quorum +2 of 3 voters alive, 2 needed$/m);
    assert.match(status.out, /^node-a +12D3KooWA +voter +yes +leads$/m);
    const listed = await cli("consensus", "history");
    assert.match(listed.out, /round_failed .*nobody contributed; 12D3KooWA rejected: not finite$/m);
    const wrong = await cli("consensus", "history", "--limit", "9999");
    assert.equal(wrong.exitCode, EXIT.refused);
  });

  it("reads, changes and watches the swarm's settings", async () => {
    const alone = await settingsAlone();
    try {
      await open({ settings: alone.settings });
      assert.match(
        (await cli("settings")).out,
        /^nothing is set\n\ncan be set too.*\ncommittee\.size +Voters/s,
      );
      const stop = new AbortController();
      let watching: Promise<number> = Promise.resolve(EXIT.failure);
      const lines: string[] = [];
      const seenAll = new Promise<void>((resolve) => {
        const out = (line: string): void => {
          lines.push(line);
          if (line.startsWith("user.end = 1")) resolve();
        };
        const io = { out, err: (text: string) => void lines.push(text), env: {} };
        const request = { signal: stop.signal, answered: false, outlivesReader: false };
        watching = main(["settings", "watch", "--api", api?.address ?? ""], io, request);
        watching.then(() => resolve(), resolve);
      });
      const set = await cli("settings", "set", "user.a", '{"b": [1]}', "--if-absent");
      assert.deepEqual([set.exitCode, set.err], [EXIT.ok, ""]);
      const revision = /^user\.a = \{"b":\[1\]\} \(revision (\d+)\)$/.exec(set.out)?.[1] ?? "";
      assert.equal((await cli("settings", "get", "user.a")).out, '{"b":[1]}');
      const again = await cli("settings", "set", "user.a", "2", "--if-absent");
      assert.deepEqual([again.exitCode, again.out], [EXIT.refused, ""]);
      assert.match(again.err, new RegExp(`at revision ${revision}.*SETTING_CONFLICT, 1140`));
      const text = await cli("settings", "set", "user.a", "2", "--text", "--if-revision", revision);
      assert.match(text.out, /^user\.a = "2" /);
      assert.match((await cli("settings", "list", "--local")).out, /^user\.a +"2" +\d+ /m);
      assert.equal(
        (await cli("settings", "delete", "user.a", "--if-revision", revision)).exitCode,
        EXIT.refused,
      );
      assert.equal((await cli("settings", "delete", "user.a")).out, "user.a is not set any more");
      const wrong = await cli("settings", "set", "committee.size", "4");
      assert.match(wrong.err, /must be odd.*INVALID_REQUEST/);
      for (const args of [
        ["--if-revision", "0"],
        ["--if-revision", "1", "--if-absent"],
      ])
        assert.equal((await cli("settings", "set", "user.a", "1", ...args)).exitCode, EXIT.usage, `${args}`);
      await cli("settings", "set", "user.end", "1");
      await seenAll;
      stop.abort();
      assert.equal(await watching, EXIT.ok, lines.join("\n"));
      assert.match(lines.at(-1) ?? "", /^user\.end = 1 \(revision \d+\)$/);
    } finally {
      await alone.stop();
    }
  });

  it("tells a stranger's answer from a node's", async () => {
    const stranger = createServer((_, response) => response.end("<html>hello</html>"));
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
      const { exitCode, err } = await runCli(["nodes", "--api", url]);
      assert.equal(exitCode, EXIT.unreachable);
      assert.match(err, /is not an ncrsh-swarm node/);
    } finally {
      stranger.closeAllConnections();
      stranger.close();
    }
  });
});
