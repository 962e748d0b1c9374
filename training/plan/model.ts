/** The model of a session: what was asked for, completed with defaults that fit the data. */
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { DataSpec, ModelSpec } from "../session.js";
import type { ModelRequest } from "./request.js";

type ModelType = ModelSpec["type"];
type Field = Exclude<keyof ModelRequest, "type">;

const FIELDS: Readonly<Record<ModelType, readonly Field[]>> = {
  gpt2: ["hidden_size", "num_layers", "num_heads", "context_length"],
  mlp: ["hidden"],
  cnn: ["channels", "hidden"],
};

export function invalid(
  path: string,
  what: string,
  allowed: string,
  facts: Record<string, unknown> = {},
): TrainingError {
  return new TrainingError("SESSION_INVALID", `${path}: ${what}; ${allowed}`, { path, allowed, ...facts });
}

/** What a node takes where a request does not say; null: what `planModel` takes. */
export interface ModelDefaults {
  readonly hidden_size: number | null;
  readonly num_layers: number | null;
  readonly num_heads: number | null;
}

/** Fills in a node's defaults where the request says nothing and the model that it comes to has such a field. */
export function withModelDefaults(
  request: ModelRequest,
  data: DataSpec,
  defaults: ModelDefaults,
): ModelRequest {
  const type = typeOf(request, data);
  const filled: ModelRequest = { ...request };
  for (const field of ["hidden_size", "num_layers", "num_heads"] as const) {
    const value = defaults[field];
    if (value !== null && FIELDS[type].includes(field)) filled[field] ??= value;
  }
  return filled;
}

/** @throws TrainingError `SESSION_INVALID` when the model does not fit the data or itself */
export function planModel(request: ModelRequest, data: DataSpec): ModelSpec {
  const type = typeOf(request, data);
  for (const field of Object.keys(request) as (keyof ModelRequest)[]) {
    if (field === "type" || request[field] === undefined || FIELDS[type].includes(field)) continue;
    throw invalid(
      `model.${field}`,
      `does not belong to a ${type}`,
      `a ${type} has ${FIELDS[type].join(", ")}`,
    );
  }
  const model = build(type, request, data);
  // Throws when the sizes do not fit each other or there are too many parameters.
  layoutOf(model);
  return model;
}

function typeOf(request: ModelRequest, data: DataSpec): ModelType {
  const fitting: readonly ModelType[] =
    data.kind === "text" ? ["gpt2"] : data.inputShape.length === 3 ? ["cnn", "mlp"] : ["mlp"];
  if (request.type === undefined) return fitting[0]!;
  if (fitting.includes(request.type)) return request.type;
  const shape = data.kind === "text" ? "text" : `samples of shape [${data.inputShape}]`;
  throw invalid(
    "model.type",
    `${request.type} does not take ${shape}`,
    `${data.dataset} takes ${fitting.join(" or ")}`,
  );
}

function build(type: ModelType, request: ModelRequest, data: DataSpec): ModelSpec {
  if (data.kind === "text") return gpt2(request, data);
  return type === "cnn" ? cnn(request, data) : mlp(request, data);
}

function gpt2(request: ModelRequest, data: Extract<DataSpec, { kind: "text" }>): ModelSpec {
  const { hidden_size: hiddenSize = 64, num_layers: numLayers = 2, num_heads: numHeads = 4 } = request;
  const { contextLength, vocabSize } = data;
  if (request.context_length !== undefined && request.context_length !== contextLength) {
    const opened = `the dataset was opened with windows of ${contextLength}`;
    throw invalid("model.context_length", `is ${request.context_length}`, opened);
  }
  if (hiddenSize % numHeads !== 0) {
    const allowed = `model.num_heads must divide model.hidden_size ${hiddenSize}`;
    throw invalid("model.num_heads", `${numHeads} heads do not share out ${hiddenSize}`, allowed);
  }
  return { type: "gpt2", hiddenSize, numLayers, numHeads, contextLength, vocabSize };
}

type Classification = Extract<DataSpec, { kind: "classification" }>;

function mlp({ hidden = [128] }: ModelRequest, { inputShape, classes }: Classification): ModelSpec {
  const inputSize = inputShape.reduce((a, b) => a * b, 1);
  return { type: "mlp", inputSize, hidden: typeof hidden === "number" ? [hidden] : hidden, classes };
}

function cnn({ hidden = 128, channels = [16, 32] }: ModelRequest, data: Classification): ModelSpec {
  if (typeof hidden !== "number")
    throw invalid("model.hidden", "is a list", "a cnn has one dense layer: one number");
  const [height, width, depth] = data.inputShape as [number, number, number];
  return { type: "cnn", inputShape: [height, width, depth], channels, hidden, classes: data.classes };
}
