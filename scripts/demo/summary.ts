/** The end of the demonstration: what was reached, what it cost, what it writes, and where to go from here. */
import { join, relative } from "node:path";
import type { LocalSwarm } from "../lib/local_swarm.js";
import type { Observer, Sight } from "./observe.js";
import { writeSample } from "./sample.js";

export interface SummaryInput {
  readonly swarm: LocalSwarm;
  readonly observer: Observer;
  readonly sight: Sight;
  readonly root: string;
  readonly json: boolean;
  readonly batchSize: number;
}

/** @throws Error when the nodes do not stand on one version */
export async function summarize({
  swarm,
  observer,
  sight,
  root,
  json,
  batchSize,
}: SummaryInput): Promise<void> {
  const { training } = sight;
  const node = swarm.running()[0];
  if (!training?.session_id || !node) throw new Error("no node is left to ask");
  const checkpoint = join(root, "checkpoint.tar");
  await node.api.download(training.session_id, checkpoint);
  const { text, parameters } = await writeSample(checkpoint, "Call me Ishmael. ", 240);
  const versions = sight.nodes.filter((n) => n.running).map((n) => ({ node: n.name, version: n.version }));
  const equal = versions.every((v) => v.version === training.model_hash);
  const innerSteps = (training.progress.samples ?? 0) / batchSize;
  const bytesSent = observer.totalBytesSent();
  const facts = {
    versions,
    equal,
    validation: {
      first: training.validation.first?.loss ?? null,
      last: training.validation.last?.loss ?? null,
    },
    parameters,
    inner_steps: innerSteps,
    bytes_sent: bytesSent,
    bytes_per_parameter_per_inner_step: bytesSent / parameters / innerSteps,
    checkpoint,
    sample: text,
  };
  if (json) process.stdout.write(`${JSON.stringify({ event: "summary", ...facts })}\n`);
  else process.stdout.write(textOf(facts, node.api.url));
  if (!equal) throw new Error("the nodes do not stand on one version");
}

function textOf(
  facts: {
    versions: readonly { node: string; version: string | null }[];
    equal: boolean;
    validation: { first: number | null; last: number | null };
    parameters: number;
    inner_steps: number;
    bytes_sent: number;
    bytes_per_parameter_per_inner_step: number;
    checkpoint: string;
    sample: string;
  },
  url: string,
): string {
  const { first, last } = facts.validation;
  const perStep = facts.bytes_per_parameter_per_inner_step;
  const lines = [
    "",
    `Final version on every node that runs (${facts.equal ? "equal, bit for bit" : "NOT EQUAL"}):`,
    ...facts.versions.map((v) => `  ${v.node.padEnd(10)} ${v.version}`),
    `Validation loss: ${first?.toFixed(3) ?? "-"} at the start, ${last?.toFixed(3) ?? "-"} at the end (nats per character)`,
    `Sent by all nodes: ${(facts.bytes_sent / 2 ** 20).toFixed(1)} MiB for ${facts.parameters} parameters and ${facts.inner_steps} inner steps:`,
    `  ${perStep.toFixed(3)} bytes per parameter per inner step (exchanging fp32 gradients every step: at least 4)`,
    "The model writes:",
    ...facts.sample.split("\n").map((line) => `  | ${line}`),
    `Checkpoint: ${relative(process.cwd(), facts.checkpoint)} (safetensors with Hugging Face's names, config, tokenizer, lineage)`,
    "",
    "Next: check the model's whole history from its signatures alone:",
    `  npx ncrsh-swarm consensus verify-lineage ${relative(process.cwd(), facts.checkpoint)}`,
    `or keep the swarm running and look around: npm start -- --keep, then npx ncrsh-swarm status --api ${url}`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}
