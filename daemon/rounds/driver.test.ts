import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Registry } from "prom-client";
import { emptyControlState, type SessionState } from "../../consensus/control/index.js";
import { testHash } from "../../consensus/testing/committee.js";
import {
  createIdentity,
  type Identity,
  type ProgressMessage,
  signManifest,
  type UpdateManifest,
  type VerifiedUpdate,
  verifyManifest,
  verifySignature,
} from "../../protocol/index.js";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { codecOf } from "../../training/codecs/index.js";
import { layoutOf } from "../../training/models/index.js";
import { createSwarmMetrics } from "../metrics/index.js";
import { sessionFixture, specFixture } from "../services/testing/snapshot.js";
import { KeyedLock } from "../store/keyed_lock.js";
import type { ControlChange } from "../swarm/control_log.js";
import { Presence } from "../swarm/presence.js";
import type { RoundDeps } from "./deps.js";
import { RoundDriver } from "./driver.js";
import { VoteRecords } from "./vote_records.js";

const spec = specFixture({ epochs: null });
const PAYLOAD_BYTES = codecOf(spec.codec).encodedBytes(layoutOf(spec.model).size);
const logger = new Proxy({}, { get: () => () => undefined }) as RoundDeps["logger"];

/** A voter's driver in a swarm of three members whose round 8 is open; the test speaks for the other two. */
async function world() {
  const [self, a, b, stranger] = [createIdentity(), createIdentity(), createIdentity(), createIdentity()];
  const peers = [self, a, b].map((i) => i.peerId).sort();
  const session = sessionFixture({ spec, participants: peers, batches: null });
  const formation = testHash("formation");
  let state = {
    ...emptyControlState("test", formation),
    members: peers.map((peer) => ({ peer, name: peer, joinedIndex: 1 })),
    voters: peers,
    committee: { seq: 0, voters: peers, digest: null },
    session,
  };
  const stored = new Map<Hash, BlobRef>();
  const fetched: Hash[] = [];
  const hear: {
    update?: (m: VerifiedUpdate) => unknown;
    progress?: (m: ProgressMessage, f: string) => unknown;
  } = {};
  const changes = new Set<(change: ControlChange) => void>();
  const registry = new Registry();
  const unused = async () => assert.fail("not expected in this test");
  let nowMs = 0;
  const deps: RoundDeps = {
    identity: self,
    verify: verifySignature,
    control: {
      get state() {
        return state;
      },
      onChange: (listener) => {
        changes.add(listener);
        return () => changes.delete(listener);
      },
    },
    raft: {
      status: () => ({
        id: self.peerId,
        role: "follower",
        term: 3,
        leader: a.peerId,
        commitIndex: 1,
        appliedIndex: 1,
        lastIndex: 1,
        snapshotIndex: 0,
        voters: peers,
        learners: [],
        followers: [],
        pendingConfig: false,
      }),
      onChange: () => () => undefined,
      propose: unused,
      waitApplied: async () => undefined,
      transferLeadership: unused,
      abandonLeader: () => undefined,
    },
    presence: new Presence(self.peerId, {
      deadAfterMs: 1000,
      now: () => nowMs,
      isMember: (peer) => peers.includes(peer),
      isConnected: () => true,
    }),
    trainer: null,
    aggregation: { run: () => new Promise(() => undefined) },
    blobs: {
      stat: (hash) => stored.get(hash),
      put: async (bytes) => {
        const ref = refOf(bytes as Uint8Array);
        stored.set(ref.hash, ref);
        return ref;
      },
      putFile: unused,
      read: unused,
      pathOf: async (hash) => `/blobs/${hash}`,
      adopt: unused,
      tempPath: () => "/tmp/never-written",
      tempDir: "/tmp",
    },
    exchange: {
      fetch: async (ref) => {
        fetched.push(ref.hash);
        throw new Error("nobody has it");
      },
    },
    gossip: {
      on: (kind, listener) => {
        Object.assign(hear, { [kind]: listener });
        return () => undefined;
      },
      publish: async () => ({ recipients: 1 }),
    },
    rpc: { call: unused },
    votes: await VoteRecords.open({ get: async () => undefined, put: async () => undefined }),
    ballots: new KeyedLock(),
    versions: { ensure: async () => "/version", committed: () => undefined },
    metrics: createSwarmMetrics(registry, () => null),
    logger,
    inlineUpdateMaxBytes: 1024,
    approval: "auto",
    approvalTimeoutMs: 60_000,
    maxRefusedProposals: 3,
    now: () => nowMs,
  };
  const driver = new RoundDriver(deps);
  driver.start();
  /** The author `by` announces `bytes` as its update. */
  const announce = async (by: Identity, bytes: Uint8Array, change: Partial<UpdateManifest> = {}) => {
    const signed = signManifest(by, { ...manifestOf(session, bytes), ...change });
    const message = { ...signed, inline: bytes, verified: verifyManifest(signed) };
    const passedOn = driver.fits(message);
    await hear.update?.(message);
    return { hash: refOf(bytes).hash, passedOn };
  };
  return {
    driver,
    announce,
    stored,
    fetched,
    registry,
    hear,
    people: { self, a, b, stranger },
    session,
    at: (ms: number) => {
      nowMs = ms;
    },
    /** Another session is committed, with a spec of newer software. */
    unreadable: () => {
      const before = state;
      state = { ...state, session: { ...session, id: "newer", spec: { ...spec, codec: "int3" } } };
      for (const listener of changes) listener({ before, after: state, version: null });
    },
    /** What is committed of the session now. */
    becomes: (change: Partial<SessionState>) => {
      const before = state;
      state = { ...state, session: { ...state.session, ...change } };
      for (const listener of changes) listener({ before, after: state, version: null });
    },
    /** Round 8 is decided: `round` opens. */
    open: (round: number) => {
      const before = state;
      state = { ...state, session: { ...session, round } };
      for (const listener of changes) listener({ before, after: state, version: null });
    },
  };
}

const payload = (fill: number) => new Uint8Array(PAYLOAD_BYTES).fill(fill);

function manifestOf(session: SessionState, bytes: Uint8Array): UpdateManifest {
  return {
    v: 1,
    session: session.id,
    round: session.round,
    base: session.version?.hash as Hash,
    codec: spec.codec,
    contribution: "pseudo_gradient",
    steps: 2,
    samples: 2 * spec.batchSize,
    lossNats: 2,
    payload: refOf(bytes),
  };
}

function refOf(bytes: Uint8Array): BlobRef {
  const hash: Hash = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { hash, bytes: bytes.length, chunkRoot: hash };
}

describe("daemon/rounds: the door for updates", () => {
  it("stores, protects and passes on a participant's update of the open round", async () => {
    const { driver, announce, stored, people } = await world();
    const { hash, passedOn } = await announce(people.a, payload(1));
    assert.ok(passedOn && stored.has(hash) && driver.needs(hash));
    driver.stop();
  });

  it("keeps nothing of a stranger, of another session, and of rounds that cannot be open anywhere", async () => {
    const { driver, announce, stored, fetched, people, session } = await world();
    const refused = [
      await announce(people.stranger, payload(1)),
      await announce(people.a, payload(2), { session: "another" }),
      await announce(people.a, payload(3), { round: session.round - 1 }),
      await announce(people.a, payload(4), { round: session.round + 2 }),
      await announce(people.a, payload(5), { steps: 1e6, samples: 1e6 * spec.batchSize }),
      await announce(people.a, payload(6), { payload: { ...refOf(payload(6)), bytes: 2 ** 40 } }),
    ];
    assert.deepEqual([...stored.keys()], []);
    assert.deepEqual(fetched, []);
    assert.ok(refused.every(({ hash }) => !driver.needs(hash)));
    // A session or round that this node may only not know of yet still goes through it to others.
    assert.deepEqual(
      refused.map(({ passedOn }) => passedOn),
      [false, true, false, true, false, false],
    );
    driver.stop();
  });

  it("takes the first payload of an author, and stores no other one of it", async () => {
    const { driver, announce, stored, people } = await world();
    const first = await announce(people.a, payload(1));
    for (let fill = 2; fill < 50; fill++) await announce(people.a, payload(fill));
    assert.deepEqual([...stored.keys()], [first.hash]);
    driver.stop();
  });

  it("holds an early update back until its round opens, and one only of each author", async () => {
    const { driver, announce, stored, people, session, open } = await world();
    const round = session.round + 1;
    await announce(people.b, payload(1), { round });
    const last = await announce(people.b, payload(2), { round });
    assert.equal(stored.size, 0);
    open(round);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([...stored.keys()], [last.hash]);
    assert.ok(driver.needs(last.hash));
    open(round + 1);
    assert.ok(!driver.needs(last.hash), "the next round frees it");
    driver.stop();
  });

  it("can show, as the next leader, a manifest that it knows from the last leader's question alone", async () => {
    const { driver, people, session, registry } = await world();
    const { hash } = refOf(payload(9));
    const signed = signManifest(people.b, manifestOf(session, payload(9)));
    const answer = await driver.vote(
      { decision: new Uint8Array(3), index: 1, manifests: [signed] },
      people.a.peerId,
    );
    assert.match(answer.refusal ?? "", /decision/);
    assert.ok(driver.signedOf({ peer: people.b.peerId, manifest: verifyManifest(signed).hash }));
    assert.ok(!driver.needs(hash), "naming a payload does not keep it");
    assert.ok((await registry.metrics()).includes("swarm_consensus_votes"));
    driver.stop();
  });

  it("believes no stranger's progress or validation", async () => {
    const { driver, hear, people, session } = await world();
    const progress = (peer: Identity, id = session.id) =>
      hear.progress?.(
        {
          v: 1,
          kind: "progress",
          session: id,
          round: session.round,
          steps: 3,
          samples: 30,
          lossNats: 1.5,
          samplesPerSecond: 9,
        },
        peer.peerId,
      );
    progress(people.a);
    progress(people.stranger);
    progress(people.stranger, "another");
    assert.equal(driver.lossOf(people.a.peerId), 1.5);
    assert.equal(driver.lossOf(people.stranger.peerId), null);
    assert.equal(driver.progress().stepsOf(people.a.peerId), 3);
    driver.stop();
  });

  it("observes how long each round was open", async () => {
    const { driver, registry, open, at, session } = await world();
    at(2500);
    open(session.round + 1);
    const lines = (await registry.metrics()).split("\n");
    assert.ok(lines.includes("swarm_round_duration_seconds_count 1"));
    assert.ok(lines.includes("swarm_round_duration_seconds_sum 2.5"));
    driver.stop();
  });

  it("has no round open while the session is paused, and another one once it is resumed", async () => {
    const { driver, becomes, announce, people, session } = await world();
    const { hash } = await announce(people.a, payload(1));
    assert.ok(driver.needs(hash));
    becomes({ status: "paused", round: session.round + 1 });
    assert.equal(driver.progress().round, null);
    assert.ok(!driver.needs(hash), "what was sent for the round that the pause has closed");
    assert.ok(!driver.needs((await announce(people.b, payload(2))).hash));
    becomes({ status: "running" });
    const { round } = driver.progress();
    assert.deepEqual([round?.round, round?.height, round?.base], [9, 8, session.version?.hash]);
    driver.stop();
  });

  it("takes the next session up in the change that ends the one before", async () => {
    const { driver, becomes, session } = await world();
    becomes({ id: "next", status: "initializing", round: 0, height: 0, version: null, parent: null });
    const { round } = driver.progress();
    assert.deepEqual([round?.session, round?.round, round?.height], ["next", 0, 0]);
    assert.notEqual(session.id, "next");
    driver.stop();
  });

  it("says why it stays out of a session whose spec it cannot read", async () => {
    const { driver, unreadable } = await world();
    assert.equal(driver.fault(), null);
    unreadable();
    assert.match(driver.fault() ?? "", /cannot read the spec of session newer: codec: /);
    assert.equal(driver.progress().round, null);
    driver.stop();
  });
});
