/** The services over a source of snapshots and a few commands: views of the one, errors of the other. */
import { isActive } from "../../consensus/control/index.js";
import type { TrainingRequest } from "../../training/plan/index.js";
import { type AuditPort, auditService } from "./audit.js";
import { ServiceError } from "./errors.js";
import { decidedBySwarm, saysWhenCutOff } from "./partition.js";
import { type SettingsPort, settingsService } from "./settings.js";
import type { SwarmCommands, SwarmSnapshot, SwarmSource } from "./source.js";
import type { ModelsService, SwarmServices, TrainingService } from "./types.js";
import { approvalsView, castVoteView } from "./views/approvals.js";
import { consensusStatusView, historyView } from "./views/consensus.js";
import { healthView, liveView, readyView } from "./views/health.js";
import { modelListView, resolveModel } from "./views/models.js";
import { networkMetricsView, topologyView } from "./views/network.js";
import { nodeDetailView, nodeListView, nodeRemovedView, resolveNode } from "./views/nodes.js";
import { trainingStatusView } from "./views/training.js";

export interface SwarmServicesParts {
  readonly source: SwarmSource;
  readonly commands: SwarmCommands;
  /** @throws ServiceError NOT_READY before the node belongs to a swarm */
  readonly settings: () => SettingsPort;
  /** Null: this node keeps no audit log. */
  readonly audit?: AuditPort | null;
}

export function createSwarmServices(parts: SwarmServicesParts): SwarmServices {
  const { source, commands } = parts;
  return {
    nodes: {
      list: () => nodeListView(source.snapshot()),
      get: (id) => nodeDetailView(source.snapshot(), id),
      remove: (id) =>
        decidedBySwarm(source, async (snapshot) => {
          const peer = resolveNode(snapshot, id);
          await commands.removeNode(peer);
          return nodeRemovedView(snapshot, peer);
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
      topology: () => topologyView(source.snapshot()),
      metrics: () => networkMetricsView(source.snapshot()),
    },
    health: {
      live: () => liveView(source.snapshot()),
      ready: () => readyView(source.snapshot()),
      health: () => healthView(source.snapshot()),
    },
    audit: auditService(parts.audit ?? null),
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
