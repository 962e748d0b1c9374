import type { CommandModule } from "yargs";
import type { ConsensusStatusView } from "../../services/views/consensus.js";
import type { HealthView, ReadyView } from "../../services/views/health.js";
import type { NodeListView } from "../../services/views/nodes.js";
import type { TrainingStatusView } from "../../services/views/training.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { duration, nodeLabel, shortHash, shortPeer } from "../format.js";
import { facts } from "../table.js";
import { trainingLine } from "../training_text.js";

interface Overview {
  readonly health: HealthView;
  readonly ready: ReadyView;
  readonly nodes: NodeListView;
  readonly consensus: ConsensusStatusView;
  readonly training: TrainingStatusView;
}

export function statusCommand(context: CliContext): CommandModule<object, ClientArgs> {
  return {
    command: "status",
    describe: "Show the node, its swarm and what is being trained, at a glance",
    builder: (yargs) => clientOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const [health, ready, nodes, consensus, training] = await Promise.all([
          client.get<HealthView>("/health"),
          client.getEvenUnready<ReadyView>("/health/ready"),
          client.get<NodeListView>("/api/v1/nodes"),
          client.get<ConsensusStatusView>("/api/v1/consensus/status"),
          client.get<TrainingStatusView>("/api/v1/training/status"),
        ]);
        show(context, args, { health, ready, nodes, consensus, training }, renderOverview);
      }),
  };
}

function renderOverview({ health, ready, nodes, consensus, training }: Overview): string {
  const faults = Object.entries(ready.checks).flatMap(([name, check]) =>
    check.ok ? [] : [`${name}: ${check.reason ?? "not ok"}`],
  );
  const { quorum } = consensus;
  const leader = nodeLabel(consensus.leader, consensus.leader_name) ?? "none";
  return facts([
    [
      "node",
      `${health.name} (${shortPeer(health.peer_id)}), version ${health.version}, up ${duration(health.uptime_seconds)}`,
    ],
    ["swarm", `${health.swarm_id}: ${nodes.total} nodes, ${nodes.active} active`],
    [
      "consensus",
      consensus.term === null
        ? "not part of a swarm yet"
        : `${consensus.role} in term ${consensus.term}, leader ${leader}, ${quorum.alive} of ${quorum.voters} voters alive, ${quorum.needed} needed`,
    ],
    ["training", trainingLine(training)],
    [
      "version",
      consensus.height === null ? null : `${shortHash(consensus.model_hash)} at height ${consensus.height}`,
    ],
    ["ready", ready.ready ? "yes" : `no: ${faults.join("; ")}`],
  ]);
}
