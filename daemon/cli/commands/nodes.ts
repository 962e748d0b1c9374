import type { Argv, CommandModule } from "yargs";
import type {
  NodeCreatedView,
  NodeDetailView,
  NodeListView,
  NodeReadmittedView,
  NodeRemovedView,
} from "../../services/views/nodes.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { ago, bytes, fixed, percent, shortHash } from "../format.js";
import { facts, table } from "../table.js";

interface NodesArgs extends ClientArgs {
  readonly id?: string;
  readonly status?: string;
  readonly role?: string;
  readonly match?: string;
  readonly sort?: string;
  readonly limit?: number;
}

export function nodesCommand(context: CliContext): CommandModule<object, NodesArgs> {
  return {
    command: "nodes [id]",
    describe: "List the nodes of the swarm, or show one of them",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("id", { type: "string", describe: "Peer id or name of one node" })
        .option("status", {
          choices: ["active", "inactive", "removed"],
          describe: "Only those; removed ones are not listed otherwise",
        })
        .option("role", { choices: ["leader", "voter", "learner", "guest"], describe: "Only those" })
        .option("match", { type: "string", describe: "Only those with this in their name" })
        .option("sort", { type: "string", describe: "By what, for example -training_speed (- : descending)" })
        .option("limit", { type: "number", describe: "At most so many" })
        .command(createCommand(context))
        .command(removeCommand(context))
        .command(readmitCommand(context)) as Argv<NodesArgs>,
    handler: (args) =>
      withClient(context, args, async (client) => {
        if (args.id === undefined) {
          show(context, args, await client.get<NodeListView>(listPath(args)), renderNodes);
          return;
        }
        const path = `/api/v1/nodes/${encodeURIComponent(args.id)}`;
        show(context, args, await client.get<NodeDetailView>(path), renderNode);
      }),
  };
}

function listPath({ status, role, match, sort, limit }: NodesArgs): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ status, role, name: match, sort, limit }))
    if (value !== undefined) query.set(key, String(value));
  return query.size === 0 ? "/api/v1/nodes" : `/api/v1/nodes?${query}`;
}

interface CreateArgs extends ClientArgs {
  readonly name?: string;
  readonly port?: number;
  readonly "max-peers"?: number;
}

function createCommand(context: CliContext): CommandModule<object, CreateArgs> {
  return {
    command: "create",
    describe: "Start a further node on the host of the node that is asked",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .option("name", { type: "string", describe: "What it is called; made up when left out" })
        .option("port", { type: "number", describe: "Its port for other nodes; chosen when left out" })
        .option("max-peers", { type: "number", describe: "Most connections to other nodes" }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const { name, port, "max-peers": max_peers } = args;
        const body = { config: { name, network_config: { port, max_peers } } };
        show(context, args, await client.post<NodeCreatedView>("/api/v1/nodes", body), renderCreated);
      }),
  };
}

function readmitCommand(context: CliContext): CommandModule<object, RemoveArgs> {
  return {
    command: "readmit <node>",
    describe: "Let a node that was removed join again",
    builder: (yargs) => clientOptions(yargs, context).positional("node", nodePositional),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const path = `/api/v1/nodes/${encodeURIComponent(args.node)}/readmit`;
        show(context, args, await client.post<NodeReadmittedView>(path), renderReadmitted);
      }),
  };
}

const nodePositional = { type: "string", demandOption: true, describe: "Its peer id or name" } as const;

interface RemoveArgs extends ClientArgs {
  readonly node: string;
  readonly purge?: boolean;
}

function removeCommand(context: CliContext): CommandModule<object, RemoveArgs> {
  return {
    command: "remove <node>",
    describe:
      "Take a node out of the swarm until it is readmitted; one that was created on that host is stopped",
    builder: (yargs) =>
      clientOptions(yargs, context).positional("node", nodePositional).option("purge", {
        type: "boolean",
        default: false,
        describe: "Delete the data folder too, of one that was created on that host",
      }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const path = `/api/v1/nodes/${encodeURIComponent(args.node)}${args.purge ? "?purge=true" : ""}`;
        show(context, args, await client.delete<NodeRemovedView>(path), renderRemoved);
      }),
  };
}

function renderCreated({ id, name, address, api_address, data_dir }: NodeCreatedView): string {
  return facts([
    ["started", name],
    ["id", id],
    ["address", address],
    ["API", api_address],
    ["data", data_dir],
  ]);
}

function renderRemoved({ id, name, status }: NodeRemovedView): string {
  return `${called(id, name)} ${status === "stopped" ? "has left, and was stopped" : "is no longer a node of this swarm"}`;
}

function renderReadmitted({ id, name }: NodeReadmittedView): string {
  return `${called(id, name)} may join again`;
}

function called(id: string, name: string | null): string {
  return name === null || name === "" ? id : `${name} (${id})`;
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
