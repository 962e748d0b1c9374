/** The services over a source of snapshots and a few commands: views of the one, errors of the other. */
import { isActive } from "../../consensus/control/index.js";
import type { TrainingRequest } from "../../training/plan/index.js";
import { ServiceError } from "./errors.js";
import type { NetworkPort } from "./network_port.js";
import { removeNode } from "./node_removal.js";
import { decidedBySwarm, saysWhenCutOff } from "./partition.js";
import { type SettingsPort, settingsService } from "./settings.js";
import type { SwarmCommands, SwarmSnapshot, SwarmSource } from "./source.js";
import type { SpawnedPort } from "./spawned_port.js";
import type { ModelsService, SwarmServices, TrainingService } from "./types.js";
import { approvalsView, castVoteView } from "./views/approvals.js";
import { consensusStatusView, historyView } from "./views/consensus.js";
import { healthView, liveView, readyView } from "./views/health.js";
import { modelListView, resolveModel } from "./views/models.js";
import { discoveryView, networkMetricsView, topologyView } from "./views/network.js";
import {
  nodeCreatedView,
  nodeDetailView,
  nodeListView,
  nodeReadmittedView,
  resolveNode,
  resolveRemoved,
} from "./views/nodes.js";
import { trainingStatusView } from "./views/training.js";

export interface SwarmServicesParts {
  readonly source: SwarmSource;
  readonly commands: SwarmCommands;
  readonly network: NetworkPort;
  readonly spawned: SpawnedPort;
  /** @throws ServiceError NOT_READY before the node belongs to a swarm */
  readonly settings: () => SettingsPort;
}

export function createSwarmServices(parts: SwarmServicesParts): SwarmServices {
  const { source, commands, network } = parts;
  return {
    nodes: {
      list: (query) => nodeListView(source.snapshot(), query),
      get: (id) => nodeDetailView(source.snapshot(), id, parts.spawned.list()),
      create: async (request) => nodeCreatedView(await parts.spawned.start(request)),
      remove: (id, purge = false) => removeNode(parts, id, purge),
      readmit: (id) =>
        decidedBySwarm(source, async (snapshot) => {
          const peer = resolveRemoved(snapshot, id);
          await commands.readmitNode(peer);
          return nodeReadmittedView(snapshot, peer);
        }),
    },
    training: trainingService(parts),
    models: modelsService(parts),
    consensus: {
      status: () => consensusStatusView(source.snapshot()),
      history: (query) => historyView(source.snapshot().control, query),
      approvals: () => approvalsView(source.snapshot()),
      vote: ({ vote, version, reason }) =>
        decidedBySwarm(source, async ({ self }) =>
          castVoteView(vote, await commands.vote(version, { vote, reason }), self.peer),
        ),
    },
    settings: settingsService(parts.settings, (work) => saysWhenCutOff(source, work)),
    network: {
      topology: () => topologyView(source.snapshot(), network.mesh()),
      metrics: async () => networkMetricsView(source.snapshot(), network, await network.latency()),
      discover: async (timeoutMs) => discoveryView(await network.discover(timeoutMs)),
    },
    health: {
      live: () => liveView(source.snapshot()),
      ready: () => readyView(source.snapshot()),
      health: () => healthView(source.snapshot()),
    },
  };
}

function trainingService({ source, commands }: SwarmServicesParts): TrainingService {
  return {
    status: () => trainingStatusView(source.snapshot()),
    start: (request) =>
      decidedBySwarm(source, async (snapshot) => {
        const running = snapshot.control?.session ?? null;
        if (isActive(running)) {
          const message = `session ${running.id} is ${running.status}: stop it first, or wait for its end`;
          throw new ServiceError("TRAINING_IN_PROGRESS", message, { session_id: running.id });
        }
        await commands.startTraining(withPeerIds(request, snapshot));
        return trainingStatusView(source.snapshot());
      }),
    // Whether a session runs is not known to a node that is cut off: it says that before it says that none does.
    stop: () =>
      decidedBySwarm(source, async (snapshot) => {
        const running = snapshot.control?.session ?? null;
        if (!isActive(running)) {
          throw new ServiceError("TRAINING_NOT_RUNNING", "no training session is running");
        }
        await commands.stopTraining(running.id, "stopped on request");
        return trainingStatusView(source.snapshot());
      }),
  };
}

/** Requests may name nodes by name; a session names them by peer id. */
function withPeerIds(request: TrainingRequest, snapshot: SwarmSnapshot): TrainingRequest {
  if (!request.nodes) return request;
  const peers = request.nodes.map((id) => resolveNode(snapshot, id));
  return { ...request, nodes: [...new Set(peers)].sort() };
}

function modelsService({ source, commands }: SwarmServicesParts): ModelsService {
  return {
    list: () => modelListView(source.snapshot(), (hash) => source.holdsVersion(hash)),
    async download(id) {
      const { session, height } = resolveModel(source.snapshot().control, id);
      const download = await commands.openCheckpoint(session, height);
      if (download !== null) return download;
      const message = `this node does not hold version ${height} of session ${session}; ask a node that does, or take the latest`;
      throw new ServiceError("MODEL_NOT_FOUND", message, { model_id: id, session_id: session, height });
    },
  };
}
