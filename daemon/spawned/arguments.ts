/** How a node is started beside this one: of the same swarm, with the same timing, but with a folder and ports of its own. */

import type { FieldSpec } from "../config/field.js";
import { ENV_PREFIX } from "../config/field.js";
import { type Config, SPECS } from "../config/index.js";
import type { SpawnedRecord } from "./record.js";

/** Addresses that a node may be told to call first; a limit of `network.bootstrap`. */
const BOOTSTRAP_MAX = 64;

/** What nodes of one swarm on one host have in common; the rest is this node's own. */
const SHARED_GROUPS: readonly string[] = ["consensus", "training", "storage", "authentication", "logging"];
/** A second founder would found a second swarm; the log of a child is read by its parent. */
const OWN: readonly string[] = [
  "consensus.form",
  "consensus.bootstrap_expect",
  "logging.format",
  "training.default_hidden_size",
  "training.default_num_layers",
  "training.default_num_heads",
];

export interface Surroundings {
  readonly config: Config;
  /** Multiaddrs of this node, with its peer id. */
  readonly addresses: () => readonly string[];
}

export function startArguments(
  { config, addresses }: Surroundings,
  record: SpawnedRecord,
  dataDir: string,
): string[] {
  const { network, api } = config;
  const bootstrap = [...addresses(), ...network.bootstrap].slice(0, BOOTSTRAP_MAX);
  return [
    "start",
    "--json",
    ...[`--data-dir=${dataDir}`, `--name=${record.name}`, `--swarm-id=${network.swarmId}`],
    ...(config.node.zone === "" ? [] : [`--zone=${config.node.zone}`]),
    ...listenAddresses(network.listen, record.port).map((address) => `--listen=${address}`),
    ...bootstrap.map((address) => `--bootstrap=${address}`),
    `--network-mdns=${network.mdns}`,
    ...(network.swarmKeyFile === null ? [] : [`--swarm-key-file=${network.swarmKeyFile}`]),
    `--max-connections=${record.maxPeers ?? network.maxConnections}`,
    // It starts none itself: a request must not multiply.
    ...["--api-host=127.0.0.1", "--api-port=0", "--api-spawned-nodes-max=0"],
    `--api-rate-limit=${api.rateLimit}`,
    ...modelArguments(record),
    ...SPECS.filter(isShared).flatMap((spec) => flagOf(spec, config)),
  ];
}

/** This process's environment without its own settings: they would be the child's too. */
export function startEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith(ENV_PREFIX)));
}

/** The same interfaces, on a port of its own; 0 lets the system choose. */
export function listenAddresses(listen: readonly string[], port: number | null): string[] {
  return [...new Set(listen.map((address) => address.replace(/\/tcp\/\d+/, `/tcp/${port ?? 0}`)))];
}

function modelArguments({ model }: SpawnedRecord): string[] {
  const given: readonly (readonly [string, number | null])[] = [
    ["hidden-size", model.hiddenSize],
    ["num-layers", model.numLayers],
    ["num-heads", model.numHeads],
  ];
  return given.flatMap(([name, value]) => (value === null ? [] : [`--training-default-${name}=${value}`]));
}

function isShared({ group, path, secret }: FieldSpec): boolean {
  // What is secret does not belong on a command line, where every user of the host can read it.
  return SHARED_GROUPS.includes(group) && !OWN.includes(path) && secret !== true;
}

function flagOf(spec: FieldSpec, config: Config): string[] {
  const group: Readonly<Record<string, unknown>> = config[spec.group as keyof Config];
  const value = group[spec.property];
  if (value === null || value === undefined || value === "") return [];
  const texts = Array.isArray(value) ? value.map(String) : [textOf(spec, value)];
  return texts.map((text) => `--${spec.flag}=${text}`);
}

function textOf({ property }: FieldSpec, value: unknown): string {
  return property.endsWith("Ms") ? `${value}ms` : String(value);
}
