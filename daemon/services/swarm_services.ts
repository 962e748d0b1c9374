/** The services over a source of snapshots and a few commands: views of the one, errors of the other. */
import { type AuthService, authenticationOff } from "./auth.js";
import { type ModelsPort, modelsService } from "./models.js";
import { decidedBySwarm, saysWhenCutOff } from "./partition.js";
import { type SettingsPort, settingsService } from "./settings.js";
import type { SwarmCommands, SwarmSource } from "./source.js";
import { trainingService } from "./training.js";
import type { EventsService, SwarmServices } from "./types.js";
import { approvalsView, castVoteView } from "./views/approvals.js";
import { consensusStatusView, historyView } from "./views/consensus.js";
import { healthView, liveView, readyView } from "./views/health.js";
import { networkMetricsView, topologyView } from "./views/network.js";
import { nodeDetailView, nodeListView, nodeRemovedView, resolveNode } from "./views/nodes.js";

export interface SwarmServicesParts {
  readonly source: SwarmSource;
  readonly commands: SwarmCommands;
  /** @throws ServiceError NOT_READY before the node belongs to a swarm */
  readonly settings: () => SettingsPort;
  /** @throws as `settings` */
  readonly models: () => ModelsPort;
  readonly events: EventsService;
  /** Left out: authentication is off. */
  readonly auth?: AuthService;
}

export function createSwarmServices(parts: SwarmServicesParts): SwarmServices {
  const { source, commands } = parts;
  return {
    auth: parts.auth ?? authenticationOff,
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
      topology: () => topologyView(source.snapshot()),
      metrics: () => networkMetricsView(source.snapshot()),
    },
    health: {
      live: () => liveView(source.snapshot()),
      ready: () => readyView(source.snapshot()),
      health: () => healthView(source.snapshot()),
    },
  };
}
