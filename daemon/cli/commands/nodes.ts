import type { CommandModule } from "yargs";
import type { NodeDetailView, NodeListView, NodeRemovedView } from "../../services/views/nodes.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { ago, bytes, fixed, percent, shortHash } from "../format.js";
import { facts, table } from "../table.js";

interface NodesArgs extends ClientArgs {
  readonly id?: string;
}

export function nodesCommand(context: CliContext): CommandModule<object, NodesArgs> {
  return {
    command: "nodes [id]",
    describe: "List the nodes of the swarm, or show one of them",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("id", { type: "string", describe: "Peer id or name of one node" })
        .command(removeCommand(context)),
    handler: (args) =>
      withClient(context, args, async (client) => {
        if (args.id === undefined) {
          show(context, args, await client.get<NodeListView>("/api/v1/nodes"), renderNodes);
          return;
        }
        const path = `/api/v1/nodes/${encodeURIComponent(args.id)}`;
        show(context, args, await client.get<NodeDetailView>(path), renderNode);
      }),
  };
}

interface RemoveArgs extends ClientArgs {
  readonly node: string;
}

function removeCommand(context: CliContext): CommandModule<object, RemoveArgs> {
  return {
    command: "remove <node>",
    describe: "Take a node out of the swarm, for good if it is stopped: one that runs asks to join again",
    builder: (yargs) =>
      clientOptions(yargs, context).positional("node", {
        type: "string",
        demandOption: true,
        describe: "Its peer id or name",
      }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const path = `/api/v1/nodes/${encodeURIComponent(args.node)}`;
        show(context, args, await client.delete<NodeRemovedView>(path), renderRemoved);
      }),
  };
}

function renderRemoved({ id, name }: NodeRemovedView): string {
  return `${name === null || name === "" ? id : `${name} (${id})`} is no longer a node of this swarm`;
}

export function renderNodes({ nodes, total, active }: NodeListView): string {
  const header = [
    "name",
    "id",
    "address",
    "status",
    "role",
    "version",
    "samples/s",
    "memory",
    "latency ms",
    "seen",
  ];
  const rows = nodes.map((n) => [
    n.name,
    n.id,
    n.address,
    n.status,
    n.role,
    shortHash(n.model_hash),
    fixed(n.performance.samples_per_second, 1),
    percent(n.performance.memory_usage),
    fixed(n.performance.network_latency, 1),
    ago(n.last_seen),
  ]);
  return `${table(header, rows)}\n\n${total} nodes, ${active} active`;
}

function renderNode(node: NodeDetailView): string {
  const { training, performance, memory } = node;
  return facts([
    ["id", node.id],
    ["name", node.name],
    ["status", `${node.status}${node.self ? " (this node)" : ""}`],
    ["role", node.role],
    ["address", node.address],
    ["addresses", node.addresses.join(" ")],
    ["software", node.version],
    ["backend", node.backend],
    [
      "version",
      node.model_hash === null
        ? null
        : `${node.model_hash}${node.height === null ? "" : `, height ${node.height}`}`,
    ],
    [
      "training",
      training && `${training.phase ?? "idle"}${training.reason === null ? "" : `: ${training.reason}`}`,
    ],
    ["session", training?.session_id],
    [
      "speed",
      performance.samples_per_second === null
        ? null
        : `${fixed(performance.samples_per_second, 1)} samples/s`,
    ],
    [
      "memory",
      memory.used_bytes === null
        ? null
        : `${bytes(memory.used_bytes)} of ${bytes(memory.total_bytes) ?? "?"}`,
    ],
    ["latency", performance.network_latency === null ? null : `${fixed(performance.network_latency, 1)} ms`],
    ["last seen", ago(node.last_seen)],
  ]);
}
