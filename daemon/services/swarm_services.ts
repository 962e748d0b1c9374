/** The services over a source of snapshots and a few commands: views of the one, errors of the other. */
import { type AuditPort, auditService } from "./audit.js";
import { type AuthService, authenticationOff } from "./auth.js";
import { type ModelsPort, modelsService } from "./models.js";
import type { NetworkPort } from "./network_port.js";
import { removeNode } from "./node_removal.js";
import { decidedBySwarm, saysWhenCutOff } from "./partition.js";
import { type SettingsPort, settingsService } from "./settings.js";
import type { SwarmCommands, SwarmSource } from "./source.js";
import type { SpawnedPort } from "./spawned_port.js";
import { trainingService } from "./training.js";
import type { EventsService, SwarmServices } from "./types.js";
import { approvalsView, castVoteView } from "./views/approvals.js";
import { consensusStatusView, historyView } from "./views/consensus.js";
import { healthView, liveView, readyView } from "./views/health.js";
import { discoveryView, networkMetricsView, topologyView } from "./views/network.js";
import {
  nodeCreatedView,
  nodeDetailView,
  nodeListView,
  nodeReadmittedView,
  resolveRemoved,
} from "./views/nodes.js";

export interface SwarmServicesParts {
  readonly source: SwarmSource;
  readonly commands: SwarmCommands;
  readonly network: NetworkPort;
  readonly spawned: SpawnedPort;
  /** @throws ServiceError NOT_READY before the node belongs to a swarm */
  readonly settings: () => SettingsPort;
  /** @throws as `settings` */
  readonly models: () => ModelsPort;
  readonly events: EventsService;
  /** Left out: authentication is off. */
  readonly auth?: AuthService;
  /** Null: this node keeps no audit log. */
  readonly audit?: AuditPort | null;
}

export function createSwarmServices(parts: SwarmServicesParts): SwarmServices {
  const { source, commands, network } = parts;
  return {
    auth: parts.auth ?? authenticationOff,
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
    models: modelsService(source, parts.models),
    consensus: {
      status: () => consensusStatusView(source.snapshot()),
      history: (query) => historyView(source.snapshot().control, query),
      approvals: () => approvalsView(source.snapshot()),
      vote: ({ vote, version, reason }) =>
        decidedBySwarm(source, async ({ self }) =>
          castVoteView(vote, await commands.vote(version, { vote, reason }), self.peer),
        ),
    },
    events: parts.events,
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
    audit: auditService(parts.audit ?? null),
  };
}
