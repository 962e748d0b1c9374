/** The composition root: the one file that knows everybody. Builds a node from its configuration and takes it down. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Registry } from "prom-client";
import { FormationRunner, formationOf, type Genesis } from "../consensus/formation/index.js";
import { epochOf } from "../consensus/votes/index.js";
import { createIdentity, identityBytes, identityFromBytes, SwarmHost } from "../protocol/index.js";
import { AggregationWorker } from "../training/aggregation/index.js";
import { TrainerSupervisor } from "../training/trainer/index.js";
import { auditTo } from "./api/audit.js";
import { type ApiServer, createApi } from "./api/index.js";
import { readMetricsToken } from "./api/token.js";
import { AuditLog } from "./audit/index.js";
import { openAuth } from "./auth/index.js";
import { packageVersion } from "./cli/package_version.js";
import { type Closer, closeAll, STOP_BUDGETS_MS } from "./closers.js";
import { type Config, configWarnings } from "./config/index.js";
import { DaemonError } from "./errors.js";
import { createEvents, NodeEvents } from "./events/index.js";
import type { Logger } from "./logger.js";
import { createSwarmMetrics } from "./metrics/index.js";
import { createNetworkPort } from "./network_port.js";
import { assertRecovered } from "./recovery/unfinished.js";
import { castByHand } from "./rounds/by_hand.js";
import { TrainerPort } from "./rounds/trainer_port.js";
import { ServiceError } from "./services/errors.js";
import { createSwarmServices } from "./services/swarm_services.js";
import { createSource } from "./snapshot.js";
import { startArguments, startEnvironment } from "./spawned/arguments.js";
import { SpawnedNodes } from "./spawned/supervisor.js";
import { openStore } from "./store/index.js";
import {
  fetchGenesis,
  foundedHere,
  loadGenesis,
  loadRecovery,
  type SwarmOrigin,
  saveGenesis,
  saveRecovery,
} from "./swarm/founding.js";
import { handleCalls } from "./swarm/handlers.js";
import { Heartbeats } from "./swarm/heartbeats.js";
import { Introductions } from "./swarm/introductions.js";
import { memberCheck } from "./swarm/members.js";
import { formationMethod } from "./swarm/methods.js";
import { ownHeartbeat } from "./swarm/own_heartbeat.js";
import { Participation } from "./swarm/participation.js";
import { Presence } from "./swarm/presence.js";
import { readSwarmKey } from "./swarm_key.js";

export interface RunningNode {
  readonly peerId: string;
  readonly addresses: readonly string[];
  /** `http://127.0.0.1:8080` */
  readonly apiAddress: string;
  /** Leaves the swarm in good order; safe to call twice. */
  stop(): Promise<void>;
  /** Resolves when something broke that the node cannot go on without. It has not stopped itself. */
  readonly fatal: Promise<Error>;
}

const VERSION = packageVersion();
/** What a node started on this host runs. */
const PROGRAM = fileURLToPath(new URL("./cli/bin.js", import.meta.url));

/**
 * @param signal gives a start up: what was built so far is taken down again
 * @throws DaemonError, ProtocolError or ConsensusError that say what is in the way and what to do about it; the signal's
 *   reason when that ended it
 */
export async function startNode(config: Config, logger: Logger, signal?: AbortSignal): Promise<RunningNode> {
  const closers: Closer[] = [];
  try {
    return await compose(config, logger, closers, signal);
  } catch (error) {
    // What did not close in time is in the log; why the node did not start matters more.
    await closeAll(closers, logger).catch(() => undefined);
    throw error;
  }
}

async function compose(
  config: Config,
  logger: Logger,
  closers: Closer[],
  signal?: AbortSignal,
): Promise<RunningNode> {
  const startedAtMs = Date.now();
  const now = () => performance.now();
  const leaving = new AbortController();
  let broken: (error: Error) => void = () => undefined;
  const fatal = new Promise<Error>((resolve) => {
    broken = (error) => {
      happenings?.failing(error);
      resolve(error);
    };
  });
  let happenings: NodeEvents | null = null;

  const closeLater = (part: keyof typeof STOP_BUDGETS_MS, close: Closer["close"], atOnce = false) => {
    closers.push({ name: part, budgetMs: STOP_BUDGETS_MS[part], atOnce, close });
    // After every step that may take long.
    signal?.throwIfAborted();
  };

  for (const warning of configWarnings(config)) logger.warn(warning);
  signal?.throwIfAborted();
  const store = await openStore(config.node.dataDir, {
    logger,
    createIdentity: () => identityBytes(createIdentity()),
  });
  closeLater("store", () => store.close());
  const audit = await AuditLog.open(join(store.dataDir, "audit"), config.audit, {
    logger: logger.child({ part: "audit" }),
  });
  closeLater("audit", () => audit.close());
  const identity = identityFromBytes(store.identity);
  let genesis = await loadGenesis(store.meta);
  let recovery = await loadRecovery(store.meta);
  if (genesis !== null && recovery !== null) await assertRecovered(store, identity.peerId, recovery);
  if (genesis !== null && genesis.swarm !== config.network.swarmId) throw otherSwarm(config, genesis);
  let participation: Participation | null = null;
  const isMember = memberCheck(() => participation?.control.state ?? null);

  const host = await SwarmHost.create({
    identity,
    swarmId: config.network.swarmId,
    version: VERSION,
    name: config.node.name,
    listen: [...config.network.listen],
    announce: [...config.network.announce],
    bootstrap: [...config.network.bootstrap],
    mdns: config.network.mdns,
    swarmKey: config.network.swarmKeyFile === null ? null : await readSwarmKey(config.network.swarmKeyFile),
    maxConnections: config.network.maxConnections,
    logger: logger.child({ part: "network" }),
    formation: () => (genesis === null ? null : epochOf(formationOf(genesis), recovery)),
    origin: () => (genesis === null || recovery === null ? null : formationOf(genesis)),
    acceptedRecoveries: config.consensus.acceptRecovery,
    // A newcomer, who knows no members yet, knows the founders.
    preferred: (peer) => isMember(peer) || genesis?.voters.includes(peer) === true,
    blobStorage: store.blobs,
    maxBlobBytes: config.storage.maxBytes,
    datastore: store.libp2p,
  });
  const presence = new Presence(identity.peerId, {
    get deadAfterMs() {
      return participation?.settings.value("training.dead_after") ?? config.training.deadAfterMs;
    },
    now,
    isMember,
    isConnected: (peer) => host.isUp(peer),
  });
  const aggregation = new AggregationWorker();
  closeLater("aggregation", () => aggregation.stop());

  const trainer: TrainerPort | null = config.training.enabled
    ? new TrainerPort(
        new TrainerSupervisor({
          logger: logger.child({ part: "trainer" }),
          backend: config.training.backend,
          memoryMaxBytes: config.training.trainerMemoryMaxBytes,
          scratchDir: store.blobs.tempDir,
        }),
        {
          changed: () => {
            participation?.rounds.trainerChanged();
            heartbeats.changed();
          },
          updated: (message) => void participation?.rounds.trainerUpdated(message),
          progressed: (message) => participation?.rounds.trainerProgressed(message),
          lost: (session, round, reason) => {
            participation?.rounds.trainerLost(session, round, reason);
            heartbeats.changed();
          },
        },
        logger.child({ part: "trainer" }),
      )
    : null;

  const heartbeats = new Heartbeats({
    self: identity.peerId,
    gossip: host.gossip,
    presence,
    everyMs: config.training.heartbeatMs,
    compose: () => ownHeartbeat({ config, version: VERSION, host, store, trainer, participation }),
    mute: () => participation?.follower.active === true,
  });
  // Its process takes about a second to be ready: meanwhile this one gets the rest up.
  trainer?.start();
  closeLater("trainer", () => trainer?.stop());
  const registry = new Registry();
  const source = createSource({
    config,
    version: VERSION,
    startedAtMs,
    host,
    store,
    presence,
    trainer,
    participation: () => participation,
    checks: () => ({
      storage: store.fault(),
      swarm: participation === null ? outside(host.refusals().at(-1)?.reason) : null,
      ...keptOut(participation?.membership.keptOut ?? null),
      session: participation?.rounds.fault() ?? null,
    }),
  });
  const metrics = createSwarmMetrics(registry, () => source.snapshot());
  host.onLatency((_peer, ms) => metrics.network.latency.observe(ms / 1000));
  const auth = await openAuth({
    config,
    self: identity.peerId,
    settings: () => participation?.settings ?? null,
    leads: () => participation?.raft.status().role === "leader",
    logger: logger.child({ part: "auth" }),
  });
  const hub = createEvents(config.events, metrics.events);
  const watching = new NodeEvents({ hub: hub.hub, snapshot: () => source.snapshot() });
  happenings = watching;
  const spawned = new SpawnedNodes({
    ...{ dataDir: config.node.dataDir, name: config.node.name, listen: config.network.listen },
    nodesMax: config.api.spawnedNodesMax,
    command: (record, dataDir) => [
      process.execPath,
      PROGRAM,
      ...startArguments({ config, addresses: () => host.addresses() }, record, dataDir),
    ],
    env: startEnvironment(process.env),
    logger: logger.child({ part: "spawned" }),
  });
  const services = createSwarmServices({
    events: hub.service,
    auth: auth.service,
    source,
    network: createNetworkPort(host, metrics.network.latency),
    spawned,
    audit,
    settings: () => member(participation).settings,
    models: () => member(participation).models,
    commands: {
      startTraining: (request, options) => member(participation).sessions.start(request, options),
      stopTraining: (id, reason) => member(participation).sessions.stop(id, reason),
      pauseTraining: (id, reason) => member(participation).sessions.pause(id, reason),
      resumeTraining: (id) => member(participation).sessions.resume(id),
      vote: (version, word) => castByHand(member(participation).rounds, version, word),
      removeNode: (peer) => member(participation).removal.remove(peer),
      readmitNode: (peer) => member(participation).removal.readmit(peer),
    },
  });
  const api: ApiServer = await createApi({
    services,
    registry,
    metrics: metrics.api,
    config: config.api,
    cors: config.cors,
    events: { maxClients: config.events.maxClients, loopback: config.authentication.loopbackEvents },
    keeper: auth.keeper,
    audit: auditTo(audit),
    metricsToken: await readMetricsToken(config.api),
    logger: logger.child({ part: "api" }),
  });
  // It takes no more requests from the first moment, and those under way have until the network is down.
  closeLater(
    "api",
    async () => {
      watching.stop();
      await Promise.all([api.stop(), auth.stop(), spawned.stop()]);
    },
    true,
  );
  watching.start();
  await auth.start(api.address);

  const { bootstrapExpect, form } = config.consensus;
  const introductions = new Introductions(host);
  const founding = new FormationRunner({
    self: identity.peerId,
    swarm: config.network.swarmId,
    mode: form ? { kind: "form" } : { kind: "expect", count: bootstrapExpect },
    store: {
      load: () => store.meta.get("formation"),
      save: (bytes) => store.meta.put("formation", bytes),
    },
    request: (peer, message) =>
      host.rpc.call(peer, formationMethod, message, { timeoutMs: FORMATION_CALL_MS }),
    peers: () => introductions.peers(),
    genesis: () => genesis,
    logger: logger.child({ part: "formation" }),
  });
  handleCalls({
    rpc: host.rpc,
    formation: founding,
    expect: form ? 0 : bootstrapExpect,
    genesis: () => genesis,
    recovery: () => recovery,
    participation: () => participation,
    now,
  });

  await host.start();
  closeLater("network", () => host.stop());
  void spawned.resume();
  heartbeats.start();
  closeLater("heartbeats", () => heartbeats.stop());

  const take = async ({ genesis: record, recovery }: SwarmOrigin): Promise<void> => {
    const member = await Participation.open({
      config,
      logger,
      metrics,
      identity,
      host,
      store,
      presence,
      trainer,
      aggregation,
      genesis: record,
      recovery,
      founded: await foundedHere(founding, record),
      now,
      voted: (vote) => watching.voted(vote),
    });
    if (leaving.signal.aborted) return;
    member.raft.onFatal((error) => broken(error));
    member.control.onChange(() => heartbeats.changed());
    participation = member;
    member.control.onChange((change) => watching.changed(change));
    member.start();
    logger.info({ formation: formationOf(record), swarm: record.swarm }, "this node belongs to the swarm");
  };
  const belong = async (): Promise<void> => {
    if (genesis === null) {
      const outcome = await founding.run(leaving.signal);
      const origin =
        outcome.kind === "formed"
          ? { genesis: outcome.genesis, recovery: null }
          : await fetchGenesis(host, outcome.formation, logger, leaving.signal);
      // Before the genesis: without it this node is still none of the swarm.
      if (origin.recovery !== null || recovery !== null) await saveRecovery(store.meta, origin.recovery);
      await saveGenesis(store.meta, origin.genesis);
      ({ genesis, recovery } = origin);
      host.formationChanged();
    }
    await take({ genesis, recovery });
  };
  const belonging = belong().catch((error: Error) => {
    if (!leaving.signal.aborted) broken(error);
  });
  closeLater("swarm", async () => {
    leaving.abort(new Error("the node is stopping"));
    await belonging;
    await participation?.stop();
  });

  let stopped: Promise<void> | null = null;
  const stop = () => {
    stopped ??= closeAll(closers, logger);
    return stopped;
  };
  return { peerId: identity.peerId, addresses: host.addresses(), apiAddress: api.address, stop, fatal };
}

const FORMATION_CALL_MS = 3000;

function member(participation: Participation | null): Participation {
  if (participation !== null) return participation;
  throw new ServiceError(
    "NOT_READY",
    "this node does not belong to a swarm yet; GET /health/ready says what it waits for",
  );
}

function outside(refusal: string | undefined): string {
  const waits = "this node does not belong to a swarm yet";
  return refusal === undefined ? waits : `${waits}; the last peer that it met was refused: ${refusal}`;
}

/** A check that only a node has that was put out. */
function keptOut(reason: string | null): Record<string, string> {
  return reason === null ? {} : { removed: reason };
}

function otherSwarm(config: Config, genesis: Genesis): DaemonError {
  const { dataDir } = config.node;
  const { swarmId } = config.network;
  const message = `the data folder ${dataDir} belongs to a node of swarm "${genesis.swarm}", and this node is told to be of "${swarmId}": use another folder (--data-dir), or --swarm-id ${genesis.swarm}`;
  return new DaemonError("CONFIG_INVALID", message, { dataDir, swarm: genesis.swarm, configured: swarmId });
}
