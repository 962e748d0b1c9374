/**
 * Flags from a request's schema, so that the command line offers exactly what the API takes: `batch_size` is
 * `--batch-size`, `model.hidden_size` is `--model.hidden-size`.
 */
import type { Options } from "yargs";
import { z } from "zod";
import { UsageError } from "./exit.js";

type Kind =
  | "text"
  | "number"
  | "boolean"
  | "texts"
  | "numbers"
  /** One number, or several. */
  | "number_or_numbers"
  /** A text that may be a plain number, such as `30s` or 30. */
  | "text_or_number";

export interface RequestFlag {
  readonly flag: string;
  /** Where the value stands in the request. */
  readonly path: readonly string[];
  readonly kind: Kind;
  readonly required: boolean;
  readonly about: string;
  readonly choices: readonly string[] | null;
}

/** What `train start --help` says of each field. */
export const ABOUT: Readonly<Record<string, string>> = {
  dataset:
    "What to train on, such as builtin:moby-dick or file:PATH; an unknown name is answered with what there is",
  epochs: "Passes over the training data after which the session ends",
  rounds: "Model versions after which the session ends",
  batch_size: "Samples per inner step",
  learning_rate: "Peak learning rate of the inner optimizer",
  nodes: "Peer ids or names of the nodes that may contribute; all when left out",
  strategy: "How contributions become the next version",
  "model.type": "Architecture; the dataset decides when left out",
  "model.hidden_size": "Width of a transformer",
  "model.num_layers": "Layers of a transformer",
  "model.num_heads": "Attention heads of a transformer",
  "model.context_length": "Tokens that a transformer sees at a time",
  "model.hidden": "Widths of an mlp's hidden layers, or of a cnn's dense layer",
  "model.channels": "Output channels of a cnn's convolutions",
  tokenizer: "How text becomes tokens",
  inner_steps: "Inner steps per node and round, on average",
  codec: "How updates are compressed",
  aggregator: "How updates are combined; centered_clip withstands a minority of bad ones",
  optimizer: "Of the inner steps",
  outer_learning_rate: "Step of the outer optimizer",
  outer_momentum: "Nesterov momentum of the outer optimizer",
  beta1: "AdamW's β1",
  beta2: "AdamW's β2",
  epsilon: "AdamW's ε",
  weight_decay: "AdamW's weight decay",
  clip_norm: "Largest norm of a gradient; 0 leaves it alone",
  warmup_steps: "Inner steps until the learning rate is at its peak",
  final_learning_rate_ratio: "Learning rate at the end, as a fraction of the peak",
  seed: "Seed of the first weights and of the order of the samples",
  evaluate_every: "Versions between two validations",
  round_timeout: "A round closes after this long at the latest, such as 30s or 5m",
};

export function requestFlags(schema: z.ZodObject, path: readonly string[] = []): RequestFlag[] {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const inner = unwrap(field);
    const here = [...path, key];
    if (inner instanceof z.ZodObject) return requestFlags(inner, here);
    const flag: RequestFlag = {
      flag: here.join(".").replaceAll("_", "-"),
      path: here,
      kind: kindOf(inner),
      required: path.length === 0 && !field.safeParse(undefined).success,
      about: ABOUT[here.join(".")] ?? "",
      choices: inner instanceof z.ZodEnum ? inner.options.map(String) : null,
    };
    return [flag];
  });
}

export function yargsOptions(flags: readonly RequestFlag[]): Record<string, Options> {
  return Object.fromEntries(
    flags.map(({ flag, kind, required, about, choices }) => {
      const options: Options = {
        type: kind === "number" ? "number" : kind === "boolean" ? "boolean" : "string",
        array: kind === "texts" || kind === "numbers" || kind === "number_or_numbers",
        demandOption: required,
        describe: about,
        group: "Session:",
        requiresArg: kind !== "boolean",
      };
      return [flag, choices === null ? options : { ...options, choices }];
    }),
  );
}

/** The request that the flags describe; flags that were not given are left out. */
export function requestOf(
  flags: readonly RequestFlag[],
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const { flag, path, kind } of flags) {
    if (args[flag] === undefined) continue;
    let at = request;
    for (const key of path.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[path.at(-1) as string] = fieldValue(flag, kind, args[flag]);
  }
  return request;
}

function fieldValue(flag: string, kind: Kind, value: unknown): unknown {
  switch (kind) {
    case "texts":
      return texts(value);
    case "numbers":
      return numbers(flag, value);
    case "number_or_numbers": {
      const all = numbers(flag, value);
      return all.length === 1 ? all[0] : all;
    }
    case "text_or_number":
      return /^\d+(\.\d+)?$/.test(String(value)) ? Number(value) : value;
    default:
      return value;
  }
}

/** Lists may be given as `--nodes a b`, `--nodes a --nodes b` or `--nodes a,b`. */
function texts(value: unknown): string[] {
  const items = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => String(item).split(",")).filter((item) => item !== "");
}

function numbers(flag: string, value: unknown): number[] {
  return texts(value).map((text) => {
    const number = Number(text);
    if (Number.isFinite(number)) return number;
    throw new UsageError(`--${flag} takes numbers, not ${text}`);
  });
}

function kindOf(inner: unknown): Kind {
  if (inner instanceof z.ZodNumber) return "number";
  if (inner instanceof z.ZodBoolean) return "boolean";
  if (inner instanceof z.ZodUnion) {
    const kinds = inner.options.map((option) => kindOf(unwrap(option)));
    if (!kinds.includes("number")) return "text";
    return kinds.includes("numbers") ? "number_or_numbers" : "text_or_number";
  }
  if (inner instanceof z.ZodArray) return unwrap(inner.element) instanceof z.ZodNumber ? "numbers" : "texts";
  return "text";
}

function unwrap(schema: unknown): unknown {
  const inner = step(schema);
  return inner === null ? schema : unwrap(inner);
}

/** The schema one wrapping further in, or null. */
function step(schema: unknown): unknown {
  if (schema instanceof z.ZodPipe) return schema.in;
  const wrapped =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional;
  return wrapped ? schema.unwrap() : null;
}
