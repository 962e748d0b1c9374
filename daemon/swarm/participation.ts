/** This node as a member of one formed swarm: its log, its part in rounds, its place among the others. */
import { join } from "node:path";
import type { SessionState } from "../../consensus/control/index.js";
import type { Genesis } from "../../consensus/formation/index.js";
import { formationOf } from "../../consensus/formation/index.js";
import { RaftNode } from "../../consensus/node/index.js";
import { LevelRaftStorage } from "../../consensus/storage/index.js";
import type { RecoveryRecord } from "../../consensus/types.js";
import { decodeCertificate, epochOf } from "../../consensus/votes/index.js";
import type { Identity, SwarmHost } from "../../protocol/index.js";
import { verifySignature as verify } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import type { AggregationWorker } from "../../training/aggregation/index.js";
import type { Config } from "../config/index.js";
import type { VoteSeen } from "../events/index.js";
import type { Logger } from "../logger.js";
import type { SwarmMetrics } from "../metrics/index.js";
import { ModelPins } from "../models/pins.js";
import { ModelReplicas } from "../models/replicas.js";
import { StoredModels } from "../models/stored_models.js";
import { RoundDriver } from "../rounds/driver.js";
import type { TrainerPort } from "../rounds/trainer_port.js";
import { Versions } from "../rounds/versions.js";
import { VoteRecords } from "../rounds/vote_records.js";
import { Sessions } from "../sessions/commands.js";
import { SwarmSettings } from "../settings/swarm_settings.js";
import type { Store } from "../store/index.js";
import { KeyedLock } from "../store/keyed_lock.js";
import { askable } from "./askable.js";
import { CommitteeKeeper } from "./committee_keeper.js";
import { CommitteeTender } from "./committee_tender.js";
import { ControlLog } from "./control_log.js";
import { Follower } from "./follower.js";
import { LineageStore } from "./lineage_store.js";
import { LineageSync } from "./lineage_sync.js";
import { Membership } from "./membership.js";
import type { Presence } from "./presence.js";
import { linkRaft } from "./raft_link.js";
import { Removal } from "./removal.js";
import { versionCheck } from "./version_check.js";

export interface ParticipationInit {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: SwarmMetrics;
  readonly identity: Identity;
  readonly host: SwarmHost;
  readonly store: Store;
  readonly presence: Presence;
  readonly trainer: TrainerPort | null;
  readonly aggregation: AggregationWorker;
  readonly genesis: Genesis;
  /** The last recovery by force that the swarm goes on from. */
  readonly recovery: RecoveryRecord | null;
  /** This data folder took part in the founding, and not merely a node of this name in another life of it. */
  readonly founded: boolean;
  readonly now: () => number;
  /** Told of every vote on a version that this node casts, or hears as the leader. */
  readonly voted?: (vote: VoteSeen) => void;
}

/** Handing the leadership over may take this long when the node stops. */
const TRANSFER_MS = 2000;

export class Participation {
  private constructor(
    private readonly init: ParticipationInit,
    readonly control: ControlLog,
    readonly raft: RaftNode,
    private readonly storage: LevelRaftStorage,
    readonly lineage: LineageStore,
    readonly versions: Versions,
    readonly rounds: RoundDriver,
    readonly tender: CommitteeTender,
    readonly follower: Follower,
    readonly membership: Membership,
    readonly removal: Removal,
    readonly sessions: Sessions,
    readonly settings: SwarmSettings,
    readonly models: StoredModels,
    private readonly replicas: ModelReplicas,
    private readonly lineageSync: LineageSync,
    private readonly off: readonly (() => void)[],
  ) {}

  get genesis(): Genesis {
    return this.init.genesis;
  }

  /** Loads the log and replays what is committed; nothing acts before `start`. */
  static async open(init: ParticipationInit): Promise<Participation> {
    const { config, logger, identity, host, store, genesis, presence } = init;
    const formation = formationOf(genesis);
    const epoch = epochOf(formation, init.recovery);
    const lineage = new LineageStore(store.lineage);
    const { swarm, voters: founders } = genesis;
    const control = new ControlLog({ swarm, formation, voters: founders }, verify, lineage, logger);
    const storage = new LevelRaftStorage(store.raft, join(store.dataDir, "raft.pledge"));
    if (init.founded) await bootstrap(storage, genesis.voters);
    const raft = await RaftNode.open({
      id: identity.peerId,
      storage,
      transport: { send: (to, message) => host.raft.send(to, message) },
      applier: control,
      logger: logger.child({ part: "raft" }),
      options: {
        tickMs: config.consensus.tickMs,
        electionTicks: config.consensus.electionTicks,
        heartbeatTicks: config.consensus.heartbeatTicks,
        reads: config.consensus.reads,
        leaseMarginTicks: config.consensus.leaseMarginTicks,
        snapshotEveryEntries: config.consensus.snapshotEveryEntries,
      },
    });
    const peers = () => askable({ formation: epoch, host, presence, outside: () => follower.active });
    const follower: Follower = new Follower({
      swarm,
      formation,
      founders,
      recovery: init.recovery,
      control,
      lineage,
      raft,
      verify,
      peers,
      rpc: host.rpc,
      logger,
      now: init.now,
    });
    const ballots = new KeyedLock();
    const votes = await VoteRecords.open(store.meta);
    const pins = new ModelPins(() => control.state);
    const versions: Versions = new Versions({
      blobs: store.blobs,
      fetch: (ref, sources, signal) => host.blobs.fetch(ref, sources, { signal }),
      sources: () => versionSources(control, presence, peers()),
      inUse: (hash) => rounds.needs(hash) || pins.has(hash),
      finals: () => control.state.past.map((s) => s.version?.hash).filter((hash) => hash !== undefined),
      recent: await lastVersions(lineage, control.state.session, config.storage.keepVersions),
      keepVersions: config.storage.keepVersions,
      maxBytes: config.storage.maxBytes,
      logger,
    });
    const rounds: RoundDriver = new RoundDriver({
      ...init,
      verify,
      control,
      raft,
      versions,
      blobs: store.blobs,
      exchange: host.blobs,
      gossip: host.gossip,
      rpc: host.rpc,
      votes,
      ballots,
      inlineUpdateMaxBytes: config.training.inlineUpdateMaxBytes,
      approval: config.consensus.approval,
      approvalTimeoutMs: config.consensus.approvalTimeoutMs,
      maxRefusedProposals: config.consensus.maxRefusedProposals,
    });
    const self = identity.peerId;
    const { name } = config.node;
    const committee = new CommitteeKeeper({
      self,
      raft,
      control,
      ballots,
      verify,
      rpc: host.rpc,
      voter: rounds.voter,
      logger,
    });
    const tender = new CommitteeTender({
      self,
      get committeeSize() {
        return settings.value("committee.size") ?? config.consensus.committeeSize;
      },
      stabilizationMs: config.consensus.committeeStabilizationMs,
      maxLearners: config.consensus.committeeMaxLearners,
      raft,
      committee,
      presence,
      logger,
      now: init.now,
    });
    const membership = new Membership({
      self,
      name,
      formation: epoch,
      raft,
      control,
      maxLearners: config.consensus.committeeMaxLearners,
      committee: tender,
      follower,
      finishRemovals: () => removal.finish(),
      host,
      logger,
      now: init.now,
      random: Math.random,
    });
    const removal: Removal = new Removal({
      self,
      raft,
      control,
      committee,
      membership,
      presence,
      rpc: host.rpc,
      logger,
    });
    const sessions: Sessions = new Sessions({
      self,
      raft,
      control,
      rpc: host.rpc,
      presence,
      trainer: init.trainer,
      roundTimeoutMs: () => settings.value("training.round_timeout"),
      modelDefaults: {
        hidden_size: config.training.defaultHiddenSize || null,
        num_layers: config.training.defaultNumLayers || null,
        num_heads: config.training.defaultNumHeads || null,
      },
    });
    const settings: SwarmSettings = new SwarmSettings({
      self,
      raft,
      control,
      rpc: host.rpc,
      propose: (command, from) => sessions.propose(command, from),
    });
    const models = new StoredModels({
      self,
      genesis,
      blobs: store.blobs,
      lineage,
      pins,
      state: () => control.state,
      storageBytesMax: config.storage.maxBytes,
      submit: (command, done) => sessions.submit(command, done),
    });
    const replicas = new ModelReplicas({
      self,
      control,
      holds: (hash) => store.blobs.stat(hash) !== undefined,
      fetch: (ref, sources, options) => host.blobs.fetch(ref, sources, options),
      peers,
      logger,
    });
    const { rpc } = host;
    const lineageSync = new LineageSync({ control, lineage, founders, verify, peers, rpc, logger });
    const off = [
      linkRaft(host, epoch, raft),
      // Certified, but not applied here yet: its bytes may come while the log does.
      host.gossip.on("version", ({ certificate }) => {
        const announced = decodeCertificate(certificate);
        const { decision } = announced;
        const { session } = control.state;
        if (follower.active) void follower.announced(announced);
        if (session !== null && decision.height > session.height)
          versions.ensure(decision.result).catch(() => undefined);
      }),
    ];
    host.gossip.check("version", versionCheck(control, verify));
    host.gossip.check("update", (update) => (rounds.fits(update) ? "accept" : "ignore"));
    return new Participation(
      init,
      control,
      raft,
      storage,
      lineage,
      versions,
      rounds,
      tender,
      follower,
      membership,
      removal,
      sessions,
      settings,
      models,
      replicas,
      lineageSync,
      off,
    );
  }

  start(): void {
    this.raft.start();
    this.rounds.start();
    this.membership.start();
    this.lineageSync.start();
    this.replicas.start();
  }

  /** Hands the leadership over, then leaves. */
  async stop(): Promise<void> {
    this.settings.stop();
    this.models.stop();
    await this.replicas.stop();
    this.membership.stop();
    this.follower.stop();
    this.lineageSync.stop();
    this.rounds.stop();
    this.versions.stop();
    if (this.raft.status().role === "leader") {
      const handed = await this.raft.transferLeadership(undefined, TRANSFER_MS).catch(() => false);
      this.init.logger.info({ handed }, "leadership handed over before leaving");
    }
    for (const off of this.off) off();
    await this.raft.stop();
    await this.storage.close();
  }
}

/**
 * A founder's log begins with the genesis, once; a log that is there already goes on. One that is named in the genesis but
 * has not founded it with this database has lost what it promised since: it asks to be admitted like everybody else.
 */
async function bootstrap(storage: LevelRaftStorage, voters: readonly string[]): Promise<void> {
  const { snapshot, hardState } = await storage.initialState();
  if (snapshot === null && hardState.term === 0)
    await storage.bootstrap({ voters: [...voters], learners: [] });
}

/** The hashes of the session's last `count` versions, latest last, as far as the lineage has them. */
async function lastVersions(
  lineage: LineageStore,
  session: SessionState | null,
  count: number,
): Promise<Hash[]> {
  if (session === null || session.version === null) return [];
  const hashes: Hash[] = [];
  for (let height = Math.max(0, session.height - count + 1); height <= session.height; height++) {
    const certificate = await lineage.get(session.id, height);
    if (certificate !== null) hashes.push(certificate.decision.result.hash);
  }
  return hashes;
}

/** Those that say they stand on the wanted version first, then everybody else that is there. */
function versionSources(control: ControlLog, presence: Presence, peers: readonly string[]): string[] {
  const wanted = control.state.session?.version?.hash;
  const holds = (peer: string) => (presence.get(peer)?.heartbeat.versionHash === wanted ? 0 : 1);
  return [...peers].sort((a, b) => holds(a) - holds(b));
}
