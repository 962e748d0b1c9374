/**
 * One life of a node: the production code of a member, put together as `daemon/swarm/participation.ts` and
 * `daemon/node.ts` do, over the simulated disk, network, keys and trainer. Everything between those is what ships.
 */
import { Registry } from "prom-client";
import type { ApplyOutcome } from "../../../consensus/control/index.js";
import { formationOf, type Genesis } from "../../../consensus/formation/index.js";
import { type RaftApplier, RaftNode } from "../../../consensus/node/index.js";
import type { RaftCore } from "../../../consensus/raft/core.js";
import { LevelRaftStorage, type Pledge } from "../../../consensus/storage/index.js";
import type { Seeded } from "../../../consensus/testing/seeded.js";
import type { Logger } from "../../../daemon/logger.js";
import { createSwarmMetrics } from "../../../daemon/metrics/index.js";
import { RoundDriver } from "../../../daemon/rounds/driver.js";
import { TrainerPort } from "../../../daemon/rounds/trainer_port.js";
import { Versions } from "../../../daemon/rounds/versions.js";
import { VoteRecords } from "../../../daemon/rounds/vote_records.js";
import type { ProposalOutcome } from "../../../daemon/sessions/commands.js";
import { proposalFault } from "../../../daemon/sessions/proposals.js";
import { SwarmSettings } from "../../../daemon/settings/swarm_settings.js";
import { KeyedLock } from "../../../daemon/store/keyed_lock.js";
import { askable } from "../../../daemon/swarm/askable.js";
import { CommitteeKeeper } from "../../../daemon/swarm/committee_keeper.js";
import { CommitteeTender } from "../../../daemon/swarm/committee_tender.js";
import { ControlLog } from "../../../daemon/swarm/control_log.js";
import { handleCalls } from "../../../daemon/swarm/handlers.js";
import { LineageStore } from "../../../daemon/swarm/lineage_store.js";
import { LineageSync } from "../../../daemon/swarm/lineage_sync.js";
import { memberCheck } from "../../../daemon/swarm/members.js";
import { Membership } from "../../../daemon/swarm/membership.js";
import { Presence } from "../../../daemon/swarm/presence.js";
import { Removal } from "../../../daemon/swarm/removal.js";
import { versionCheck } from "../../../daemon/swarm/version_check.js";
import type { Signer } from "../../../protocol/types.js";
import { SimBlobs } from "../disk/sim_blobs.js";
import type { SimDisk } from "../disk/sim_disk.js";
import { SimStore } from "../disk/sim_store.js";
import type { Chaos } from "../faults/chaos.js";
import type { Observer } from "../invariants/index.js";
import type { Agenda } from "../kernel/agenda.js";
import type { SimProcess } from "../kernel/sim_process.js";
import { SimHost } from "../net/sim_host.js";
import type { SimNetwork } from "../net/sim_network.js";
import { aggregation } from "./aggregation.js";
import { heartbeatOf } from "./heartbeat.js";
import type { Keys } from "./keys.js";
import { beMalicious } from "./malice.js";
import { SimTrainer } from "./sim_trainer.js";
import type { Malice, Traits } from "./traits.js";

const HEARTBEAT_MS = 500;
const DEAD_AFTER_MS = 2500;
const BLOB_BYTES_MAX = 1024 * 1024;
const APPROVAL_TIMEOUT_MS = 60_000;
const REFUSED_PROPOSALS_MAX = 3;
const COMMIT_MS = 10_000;
/** Short against a run, long against its cuts. */
const STABILIZATION_MS = 5000;
/** More than a run has nodes: who follows from outside is not part of it. */
const LEARNERS_MAX = 64;

/** Nobody reads them here. */
const metrics = createSwarmMetrics(new Registry(), () => null);

export interface LifeInit {
  readonly process: SimProcess;
  readonly disk: SimDisk<Pledge>;
  readonly network: SimNetwork;
  readonly agenda: Agenda;
  readonly chaos: Chaos;
  readonly random: Seeded;
  readonly keys: Keys;
  readonly genesis: Genesis;
  readonly traits: Traits;
  readonly malice: Malice | null;
  /** It may lie now: liars are a minority. */
  readonly mayLie: () => boolean;
  readonly committeeSize: number;
  readonly logger: Logger;
  readonly observers: readonly Observer[];
  /** Something broke that the node cannot go on without. */
  readonly fatal: (error: Error) => void;
}

export class Life {
  private constructor(
    readonly init: LifeInit,
    readonly core: RaftCore,
    readonly raft: RaftNode,
    readonly control: ControlLog,
    readonly rounds: RoundDriver,
    readonly committee: CommitteeKeeper,
    readonly membership: Membership,
    readonly removal: Removal,
    readonly settings: SwarmSettings,
    readonly host: SimHost,
    private readonly begin: () => void,
  ) {}

  get name(): string {
    return this.init.process.node;
  }

  /** What `Sessions.propose` does. */
  propose(command: Uint8Array, from: string): Promise<ProposalOutcome> {
    return proposeAs(this.raft, this.control, command, from);
  }

  start(): void {
    this.begin();
  }

  /** @throws what the production code throws when it does not take the disk */
  static async open(init: LifeInit): Promise<Life> {
    const { process, disk, network, agenda, random, keys, genesis, traits, chaos, observers, logger } = init;
    const self = process.node;
    const formation = formationOf(genesis);
    const { verify } = keys;
    const identity = watched(keys.signerOf(self), observers);
    const store = new SimStore(disk, process, agenda, random);
    const blobs = new SimBlobs(disk, store);
    const host = new SimHost({ self, formation, process, network, agenda, blobs, verify });
    const lineage = new LineageStore({
      versions: store.level("lineage"),
      committees: store.level("committees"),
    });
    const { swarm, voters: founders } = genesis;
    const control = new ControlLog({ swarm, formation, voters: founders }, verify, lineage, logger);
    const storage = new LevelRaftStorage(store.level("raft"), () => store.openPledge());
    const stored = await storage.initialState();
    const isFounder = founders.includes(self);
    if (isFounder && stored.snapshot === null && stored.hardState.term === 0)
      await storage.bootstrap({ voters: [...founders], learners: [] });
    let core: RaftCore | null = null;
    const raft = await RaftNode.open({
      id: self,
      storage,
      transport: host.raft,
      applier: observed(self, control, observers),
      logger,
      random: random.next,
      options: traits.options,
      onCore: (made) => {
        core = made;
      },
    });
    const ballots = new KeyedLock();
    const votes = await VoteRecords.open(store.meta);
    const now = () => performance.now();
    const presence = new Presence(self, {
      deadAfterMs: DEAD_AFTER_MS,
      now,
      isMember: memberCheck(() => control.state),
      isConnected: (peer) => host.isUp(peer),
    });
    const versions: Versions = new Versions({
      blobs,
      fetch: (ref, sources) => host.blobs.fetch(ref, sources),
      sources: () => host.peers().map(({ peer }) => peer),
      inUse: (hash) => rounds.needs(hash),
      finals: () => control.state.past.map((s) => s.version?.hash).filter((hash) => hash !== undefined),
      recent: [],
      keepVersions: traits.keepVersions,
      maxBytes: BLOB_BYTES_MAX,
      logger,
    });
    const lies = init.malice === "liar";
    const trainer = new TrainerPort(
      new SimTrainer({ self, blobs, chaos, stepMs: traits.stepMs, lies }),
      {
        changed: () => rounds.trainerChanged(),
        updated: (message) => rounds.trainerUpdated(message),
        progressed: (message) => rounds.trainerProgressed(message),
        lost: (session, round, reason) => rounds.trainerLost(session, round, reason),
      },
      logger,
    );
    const rounds: RoundDriver = new RoundDriver({
      identity,
      verify,
      control,
      raft,
      presence,
      trainer,
      aggregation: aggregation({ ...init, blobs, store }),
      blobs,
      exchange: host.blobs,
      gossip: host.gossip,
      rpc: host.rpc,
      votes,
      ballots,
      versions,
      metrics,
      logger,
      inlineUpdateMaxBytes: traits.inlineUpdateMaxBytes,
      approval: "auto",
      approvalTimeoutMs: APPROVAL_TIMEOUT_MS,
      maxRefusedProposals: REFUSED_PROPOSALS_MAX,
      now,
    });
    const { voter } = rounds;
    const committee = new CommitteeKeeper({
      self,
      raft,
      control,
      ballots,
      verify,
      rpc: host.rpc,
      voter,
      logger,
    });
    const parts = { self, raft, control, presence, logger };
    const { committeeSize } = init;
    const limits = { committeeSize, stabilizationMs: STABILIZATION_MS, maxLearners: LEARNERS_MAX };
    const tender = new CommitteeTender({ ...parts, ...limits, committee, now });
    const membership = new Membership({
      ...parts,
      name: self,
      formation,
      maxLearners: LEARNERS_MAX,
      committee: tender,
      follower: { active: false, begin: () => undefined },
      finishRemovals: () => removal.finish(),
      host,
      now,
      random: random.next,
    });
    const removal: Removal = new Removal({ ...parts, committee, membership, rpc: host.rpc });
    const propose = (command: Uint8Array, from: string) => proposeAs(raft, control, command, from);
    const settings = new SwarmSettings({ self, raft, control, rpc: host.rpc, propose });
    const peers = () => askable({ formation, host, presence, outside: () => false });
    const lineageSync = new LineageSync({ control, lineage, founders, verify, peers, rpc: host.rpc, logger });
    handleCalls({
      rpc: host.rpc,
      formation: null,
      expect: 0,
      genesis: () => genesis,
      recovery: () => null,
      participation: () => ({
        control,
        raft,
        membership,
        removal,
        sessions: { propose },
        rounds,
        lineage,
      }),
      now,
    });
    host.gossip.check("version", versionCheck(control, verify));
    host.gossip.check("update", (update) => (rounds.fits(update) ? "accept" : "ignore"));
    host.gossip.on("heartbeat", (heartbeat, from) => presence.heard(from, heartbeat));
    raft.onFatal((error) => init.fatal(error));
    const beat = (): void => {
      const heartbeat = heartbeatOf(self, { raft, control, trainer, rounds, blobs });
      presence.heard(self, heartbeat);
      void host.gossip.publish("heartbeat", heartbeat);
    };
    const begin = (): void => {
      host.onRaft = (from, message) => raft.receive(from, message);
      network.attach(process, host);
      trainer.start();
      setInterval(beat, HEARTBEAT_MS);
      beat();
      raft.start();
      rounds.start();
      membership.start();
      lineageSync.start();
    };
    if (core === null) throw new Error("the core was not shown");
    const life = new Life(
      init,
      core,
      raft,
      control,
      rounds,
      committee,
      membership,
      removal,
      settings,
      host,
      begin,
    );
    beMalicious(life, identity);
    return life;
  }
}

async function proposeAs(
  raft: RaftNode,
  control: ControlLog,
  command: Uint8Array,
  from: string,
): Promise<ProposalOutcome> {
  const fault = raft.status().role === "leader" ? proposalFault(command, from, control.state) : null;
  if (fault !== null) return { kind: "refused", code: "PROPOSAL_REFUSED", reason: fault.slice(0, 4096) };
  const { result } = await raft.propose(command, COMMIT_MS);
  return result as ApplyOutcome;
}

function watched(signer: Signer, observers: readonly Observer[]): Signer {
  return {
    peerId: signer.peerId,
    sign: (message) => {
      for (const observer of observers) observer.signed?.(signer.peerId, message);
      return signer.sign(message);
    },
  };
}

/** The control log, with the observers told of what it does. */
function observed(node: string, control: ControlLog, observers: readonly Observer[]): RaftApplier {
  return {
    apply: async (entry) => {
      const before = control.state;
      const outcome = await control.apply(entry);
      const fact = { ...entry, before, after: control.state, outcome };
      for (const observer of observers) observer.applied?.(node, fact);
      return outcome;
    },
    configChanged: (configuration, index) => control.configChanged(configuration, index),
    snapshot: () => {
      const bytes = control.snapshot();
      for (const observer of observers) observer.snapshotted?.(node, bytes, control.state.index);
      return bytes;
    },
    restore: (bytes) => {
      control.restore(bytes);
      for (const observer of observers) observer.restored?.(node, bytes, control.state);
    },
  };
}
