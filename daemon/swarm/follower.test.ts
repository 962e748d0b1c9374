import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlState, encodeCommand } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import type { Certificate, CommitteeCertificate } from "../../consensus/types.js";
import { silentLogger } from "../../protocol/index.js";
import { openStore, type Store } from "../store/index.js";
import { ControlLog } from "./control_log.js";
import { Follower } from "./follower.js";
import { LineageStore } from "./lineage_store.js";
import { committeesMethod, lineageMethod, stateMethod } from "./methods.js";
import { tell } from "./told.js";

const committee = new Committee(4);
const [first] = committee.names as [string];
const facts = { swarm: "test", formation: committee.formation, voters: committee.names };
let folder = "";
const opened: Store[] = [];

async function emptyStore(): Promise<LineageStore> {
  const store = await openStore(join(folder, String(opened.length)), {
    logger: { info: () => undefined, warn: () => undefined },
    createIdentity: () => new Uint8Array(68),
  });
  opened.push(store);
  return new LineageStore(store.lineage);
}

/** A member: what it applies is what followers can ask it for. */
class Member {
  index = 0;
  readonly log: ControlLog;
  last: Certificate | null = null;

  private constructor(readonly lineage: LineageStore) {
    this.log = new ControlLog(facts, committee.verify, lineage, { error: () => undefined });
  }

  static async open(): Promise<Member> {
    const member = new Member(await emptyStore());
    member.log.configChanged({ voters: committee.names, learners: [] }, ++member.index);
    return member;
  }

  get state(): ControlState {
    return this.log.state;
  }

  async create(id = "s1"): Promise<void> {
    this.last = null;
    const session = { id, spec: {}, rounds: 99, batches: null, participants: [...committee.names] };
    await this.apply({ v: 1, type: "session.create", ...session, by: first, atMs: 1 });
  }

  async stopSession(id = "s1"): Promise<void> {
    await this.apply({ v: 1, type: "session.stop", id, reason: "enough", atMs: 1 });
  }

  async commit(): Promise<Certificate> {
    const { committee: current, session } = this.state;
    const changes = { session: session?.id ?? "", voters: current.voters };
    const decision =
      this.last === null
        ? committee.genesis(changes)
        : { ...committee.next(this.last.decision, changes), round: session?.round ?? 0 };
    this.last = committee.certify(decision, current.voters);
    const { votes } = this.last;
    const certificate = { decision: this.last.decision, votes: [...votes] };
    const participants = [...committee.names];
    await this.apply({ v: 1, type: "round.commit", certificate, participants, evaluation: null, atMs: 2 });
    return this.last;
  }

  async failRound(): Promise<void> {
    const { id, round } = this.state.session ?? { id: "", round: 0 };
    const participants = [...committee.names];
    await this.apply({
      v: 1,
      type: "round.fail",
      session: id,
      round,
      reason: "x",
      refusals: [],
      participants,
      atMs: 3,
    });
  }

  async handOver(voters: readonly string[]): Promise<CommitteeCertificate> {
    const handover = committee.handOver(this.state.committee, voters);
    const certificate = { decision: handover.decision, votes: [...handover.votes] };
    await this.apply({
      v: 1,
      type: "committee.change",
      certificate: {
        ...certificate,
        decision: {
          ...handover.decision,
          from: [...handover.decision.from],
          voters: [...handover.decision.voters],
        },
      },
      atMs: 4,
    });
    return handover;
  }

  private async apply(command: Parameters<typeof encodeCommand>[0]): Promise<void> {
    const outcome = await this.log.apply({ index: ++this.index, term: 1, data: encodeCommand(command) });
    assert.equal(outcome.kind, "applied", JSON.stringify(outcome));
  }
}

async function world(bend: (state: ControlState) => ControlState = (state) => state) {
  const member = await Member.open();
  const lineage = await emptyStore();
  const control = new ControlLog(facts, committee.verify, lineage, { error: () => undefined });
  const asked: string[] = [];
  let leader: string | null = null;
  let nowMs = 0;
  const follower = new Follower({
    swarm: "test",
    formation: committee.formation,
    founders: committee.names,
    recovery: null,
    control,
    lineage,
    raft: { status: () => ({ ...STATUS, leader }) },
    verify: committee.verify,
    peers: () => ["peer"],
    rpc: {
      call: async (_peer, method, request) => {
        const given: unknown = request;
        const full = method.name === stateMethod.name && stateMethod.request.parse(given).full;
        asked.push(full ? "full state" : method.name);
        return method.response.parse(await answer(method.name, given));
      },
    },
    logger: silentLogger,
    now: () => nowMs,
  });
  const answer = async (name: string, request: unknown) => {
    if (name === stateMethod.name) {
      const { full } = stateMethod.request.parse(request);
      const told = bend(member.state);
      return { ...tell(told, full), state: full ? toBytes(told) : null };
    }
    const certificates =
      name === lineageMethod.name
        ? await member.lineage.pageDown(
            lineageMethod.request.parse(request).session,
            lineageMethod.request.parse(request).to,
          )
        : await member.lineage.committees(committeesMethod.request.parse(request).from);
    return { v: 1, certificates };
  };
  return {
    member,
    control,
    lineage,
    asked,
    follower,
    pass: (ms: number) => {
      nowMs += ms;
    },
    lead: (peer: string) => {
      leader = peer;
    },
  };
}

const STATUS = {
  id: "follower",
  role: "learner" as const,
  term: 0,
  commitIndex: 0,
  appliedIndex: 0,
  lastIndex: 0,
  snapshotIndex: 0,
  voters: [],
  learners: [],
  followers: [],
  pendingConfig: false,
};

const heightOf = ({ state }: ControlLog) => (state.session?.version == null ? null : state.session.height);

describe("daemon/swarm: following from outside", () => {
  const running: Follower[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "follower-"));
  });
  afterEach(() => {
    for (const follower of running.splice(0)) follower.stop();
  });
  after(async () => {
    for (const store of opened) await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function following(bend?: (state: ControlState) => ControlState) {
    const place = await world(bend);
    await place.member.create();
    for (let i = 0; i < 3; i++) await place.member.commit();
    place.follower.begin();
    running.push(place.follower);
    await place.follower.poll();
    return place;
  }

  it("takes the state from a peer and proves it, then asks for a few bytes as long as nothing is new", async () => {
    const { member, control, lineage, asked, follower } = await following();
    assert.deepEqual(control.state, member.state);
    assert.ok((await lineage.get("s1", 2)) !== null);
    asked.length = 0;
    await follower.poll();
    assert.deepEqual(asked, ["state"]);
  });

  it("goes on by gossip alone, past rounds that made no version", async () => {
    const { member, control, lineage, asked, follower } = await following();
    const heard: number[] = [];
    control.onChange(({ version }) => version && heard.push(version.decision.height));
    asked.length = 0;
    await follower.announced(await member.commit());
    await member.failRound();
    await follower.announced(await member.commit());
    assert.deepEqual([heightOf(control), heard, asked], [4, [3, 4], []]);
    assert.ok((await lineage.get("s1", 4)) !== null);
    await follower.poll();
    assert.deepEqual(asked, ["state"], "what gossip has brought is no news");
  });

  it("catches up with what gossip did not bring: a gap, a handover, the end of a session, another one", async () => {
    const { member, control, asked, follower } = await following();
    await member.commit();
    await follower.announced(await member.commit());
    assert.equal(heightOf(control), 2, "it does not follow what it has");
    await follower.poll();
    assert.equal(heightOf(control), 4);
    await member.handOver(committee.names.slice(0, 3));
    await member.handOver(committee.names);
    await member.handOver(committee.names.slice(1));
    await member.commit();
    asked.length = 0;
    await follower.poll();
    assert.deepEqual(asked, ["state", "full state", "committees", "lineage"]);
    assert.deepEqual(control.state.committee, member.state.committee);
    await follower.announced(await member.commit());
    assert.equal(heightOf(control), 6, "signed by the committee that it has handed over to");
    await member.stopSession();
    await member.create("s2");
    await follower.poll();
    assert.deepEqual(control.state, member.state);
  });

  it("refreshes what is told now and then, though nothing that counts is new", async () => {
    const { member, control, asked, follower, pass } = await following();
    await member.failRound();
    asked.length = 0;
    await follower.poll();
    assert.notDeepEqual(control.state, member.state);
    pass(60_000);
    await follower.poll();
    assert.deepEqual(control.state, member.state);
  });

  it("follows nobody who invents a committee or a version, or who takes one back", async () => {
    const liars: ((state: ControlState) => ControlState)[] = [
      (state) => ({ ...state, committee: { seq: 0, voters: ["me"], digest: null } }),
      (state) => ({ ...state, committee: { seq: 1, voters: ["me"], digest: testHash("invented") } }),
      (state) => ({ ...state, session: state.session && { ...state.session, height: 9 } }),
      (state) => ({ ...state, session: state.session && { ...state.session, parent: testHash("invented") } }),
      (state) => ({ ...state, formation: testHash("other") }),
    ];
    for (const lie of liars) {
      const { control } = await following(lie);
      assert.equal(control.state.index, 0, lie.toString());
    }
    let late: ControlState | null = null;
    const { member, control, follower, pass } = await following((state) => late ?? state);
    late = member.state;
    await follower.announced(await member.commit());
    pass(60_000);
    await follower.poll();
    assert.equal(heightOf(control), 3, "a peer that is behind takes nothing back");
    late = null;
    pass(60_000);
    await follower.poll();
    assert.deepEqual(control.state, member.state);
  });

  it("gives way to its own log once a leader counts it in and the log has caught up", async () => {
    const { member, control, follower, lead } = await following();
    const { log } = member;
    lead(first);
    await follower.poll();
    assert.equal(follower.active, true, "the log is empty still");
    control.restore(log.snapshot());
    await follower.poll();
    assert.equal(follower.active, false);
    assert.deepEqual(control.state, control.logged);
  });
});
