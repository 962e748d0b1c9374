/** The end of the demonstration: what was reached, what it cost, what it writes, and where to go from here. */
import { join } from "node:path";
import type { EvaluationView } from "../../daemon/services/views/training.js";
import type { LocalSwarm } from "../lib/local_swarm.js";
import { type NextCommand, nextCommands, path } from "./next.js";
import type { Observer, Sight } from "./observe.js";
import type { DemoOptions } from "./options.js";
import { writeSample } from "./sample.js";

const PROMPT = "Call me Ishmael. ";
const SAMPLE_TOKENS = 240;

export interface SummaryInput {
  readonly swarm: LocalSwarm;
  readonly observer: Observer;
  readonly sight: Sight;
  readonly root: string;
  readonly options: DemoOptions;
  readonly batchSize: number;
  readonly signal: AbortSignal;
}

interface Facts {
  readonly versions: readonly { readonly node: string; readonly version: string | null }[];
  readonly equal: boolean;
  readonly validation: { readonly first: EvaluationView | null; readonly last: EvaluationView | null };
  readonly parameters: number;
  readonly inner_steps: number;
  readonly bytes_sent: number;
  readonly bytes_per_parameter_per_inner_step: number;
  readonly checkpoint: string;
  readonly sample: string;
  readonly next: readonly NextCommand[];
}

/** @throws Error when the nodes do not stand on one version, or when `signal` is aborted */
export async function summarize(input: SummaryInput): Promise<void> {
  const { swarm, observer, sight, root, options, batchSize, signal } = input;
  const { training } = sight;
  const node = swarm.running()[0];
  if (!training?.session_id || !node) throw new Error("no node is left to ask");
  const checkpoint = join(root, "checkpoint.tar");
  await node.api.download(training.session_id, checkpoint);
  const { text, parameters } = await writeSample(checkpoint, PROMPT, SAMPLE_TOKENS, signal);
  signal.throwIfAborted();
  const versions = sight.nodes.filter((n) => n.running).map((n) => ({ node: n.name, version: n.version }));
  const equal = versions.every((v) => v.version === training.model_hash);
  const innerSteps = (training.progress.samples ?? 0) / batchSize;
  const bytesSent = observer.totalBytesSent();
  const facts: Facts = {
    versions,
    equal,
    validation: training.validation,
    parameters,
    inner_steps: innerSteps,
    bytes_sent: bytesSent,
    bytes_per_parameter_per_inner_step: bytesSent / parameters / innerSteps,
    checkpoint,
    sample: text,
    next: nextCommands(checkpoint, options.keep ? node.api.url : null),
  };
  if (options.json) process.stdout.write(`${JSON.stringify({ event: "summary", ...facts })}\n`);
  else process.stdout.write(textOf(facts));
  if (!equal) throw new Error("the nodes do not stand on one version");
}

function textOf(facts: Facts): string {
  const { first, last } = facts.validation;
  const perStep = facts.bytes_per_parameter_per_inner_step;
  const lines = [
    "",
    `Final version on every node that runs (${facts.equal ? "equal, bit for bit" : "NOT EQUAL"}):`,
    ...facts.versions.map((v) => `  ${v.node.padEnd(10)} ${v.version}`),
    `Validation loss: ${evaluated(first)} at the start, ${evaluated(last)} at the end (nats per character)`,
    `Sent by all nodes: ${(facts.bytes_sent / 2 ** 20).toFixed(1)} MiB for ${facts.parameters} parameters and ${facts.inner_steps} inner steps:`,
    `  ${perStep.toFixed(3)} bytes per parameter per inner step (exchanging fp32 gradients every step: at least 4)`,
    "The model writes:",
    ...facts.sample.split("\n").map((line) => `  | ${line}`),
    `Checkpoint: ${path(facts.checkpoint)} (safetensors with Hugging Face's names, config, tokenizer, lineage)`,
    "",
    "Next:",
    ...facts.next.flatMap(({ what, command }) => [`  ${what}:`, `    ${command}`]),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function evaluated(evaluation: EvaluationView | null): string {
  if (evaluation?.loss == null) return "-";
  return `${evaluation.loss.toFixed(3)} (version ${evaluation.height})`;
}
