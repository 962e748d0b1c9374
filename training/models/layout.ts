import { TrainingError } from "../errors.js";
import type { CnnSpec, Gpt2Spec, MlpSpec, ModelSpec } from "../session.js";
import type { Initializer, ParameterLayout, ParameterSpec } from "../types.js";

/** 2³⁰ float32 values are 4 GiB: what one typed array and one WebAssembly memory can still hold. */
export const MAX_PARAMETERS = 2 ** 30;

const zeros: Initializer = { kind: "zeros" };
const ones: Initializer = { kind: "ones" };
const normal = (std: number): Initializer => ({ kind: "normal", std });

const matrix = (name: string, shape: number[], std: number): ParameterSpec => ({
  name,
  shape,
  init: normal(std),
  decay: true,
});
const vector = (name: string, size: number, init: Initializer = zeros): ParameterSpec => ({
  name,
  shape: [size],
  init,
  decay: false,
});

/** He et al. 2015 (https://arxiv.org/abs/1502.01852): keeps the variance of activations through ReLU. */
const heStd = (fanIn: number) => Math.sqrt(2 / fanIn);

/** GPT-2's embedding and projection std, and its scaling of what enters the residual stream (2 per layer). */
const GPT2_STD = 0.02;

function gpt2Layer(spec: Gpt2Spec, layer: number): ParameterSpec[] {
  const e = spec.hiddenSize;
  const residualStd = GPT2_STD / Math.sqrt(2 * spec.numLayers);
  const at = (name: string) => `transformer.h.${layer}.${name}`;
  return [
    vector(at("ln_1.weight"), e, ones),
    vector(at("ln_1.bias"), e),
    matrix(at("attn.c_attn.weight"), [e, 3 * e], GPT2_STD),
    vector(at("attn.c_attn.bias"), 3 * e),
    matrix(at("attn.c_proj.weight"), [e, e], residualStd),
    vector(at("attn.c_proj.bias"), e),
    vector(at("ln_2.weight"), e, ones),
    vector(at("ln_2.bias"), e),
    matrix(at("mlp.c_fc.weight"), [e, 4 * e], GPT2_STD),
    vector(at("mlp.c_fc.bias"), 4 * e),
    matrix(at("mlp.c_proj.weight"), [4 * e, e], residualStd),
    vector(at("mlp.c_proj.bias"), e),
  ];
}

function gpt2Parameters(spec: Gpt2Spec): ParameterSpec[] {
  if (spec.hiddenSize % spec.numHeads !== 0) {
    throw new TrainingError(
      "SESSION_INVALID",
      `model.hiddenSize ${spec.hiddenSize} must be a multiple of model.numHeads ${spec.numHeads}`,
      { hiddenSize: spec.hiddenSize, numHeads: spec.numHeads },
    );
  }
  const layers = Array.from({ length: spec.numLayers }, (_, layer) => gpt2Layer(spec, layer));
  return [
    matrix("transformer.wte.weight", [spec.vocabSize, spec.hiddenSize], GPT2_STD),
    matrix("transformer.wpe.weight", [spec.contextLength, spec.hiddenSize], GPT2_STD),
    ...layers.flat(),
    vector("transformer.ln_f.weight", spec.hiddenSize, ones),
    vector("transformer.ln_f.bias", spec.hiddenSize),
  ];
}

const dense = (name: string, inputs: number, outputs: number): ParameterSpec[] => [
  matrix(`${name}.weight`, [inputs, outputs], heStd(inputs)),
  vector(`${name}.bias`, outputs),
];

function mlpParameters(spec: MlpSpec): ParameterSpec[] {
  const widths = [spec.inputSize, ...spec.hidden, spec.classes];
  return widths.slice(1).flatMap((outputs, i) => dense(`layers.${i}`, widths[i]!, outputs));
}

function cnnParameters(spec: CnnSpec): ParameterSpec[] {
  const [height, width, inputChannels] = spec.inputShape;
  if (height < 2 || width < 2) {
    throw new TrainingError(
      "SESSION_INVALID",
      `model.inputShape ${height}×${width} is too small: the 2×2 max-pool needs at least 2×2`,
      { height, width },
    );
  }
  const channels = [inputChannels, ...spec.channels];
  const convolutions = spec.channels.flatMap((outputs, i) => {
    const inputs = channels[i]!;
    return [
      matrix(`conv.${i}.weight`, [3, 3, inputs, outputs], heStd(9 * inputs)),
      vector(`conv.${i}.bias`, outputs),
    ];
  });
  const flat = Math.floor(height / 2) * Math.floor(width / 2) * channels.at(-1)!;
  return [
    ...convolutions,
    ...dense("hidden", flat, spec.hidden),
    ...dense("classifier", spec.hidden, spec.classes),
  ];
}

function parametersOf(model: ModelSpec): ParameterSpec[] {
  switch (model.type) {
    case "gpt2":
      return gpt2Parameters(model);
    case "mlp":
      return mlpParameters(model);
    case "cnn":
      return cnnParameters(model);
  }
}

/**
 * The tensors of a model in canonical order, with their places in the flat vector.
 *
 * GPT-2 has the names and shapes of Hugging Face's `GPT2LMHeadModel` (Conv1D weights are `[in, out]`; the output
 * projection is tied to `wte` and so not listed). Convolution filters are `[height, width, in, out]`.
 *
 * @throws TrainingError `SESSION_INVALID` when the sizes do not fit each other or exceed {@link MAX_PARAMETERS}
 */
export function layoutOf(model: ModelSpec): ParameterLayout {
  let offset = 0;
  const parameters = parametersOf(model).map((spec) => {
    const size = spec.shape.reduce((a, b) => a * b, 1);
    const placed = { ...spec, offset, size };
    offset += size;
    return placed;
  });
  if (offset > MAX_PARAMETERS) {
    throw new TrainingError(
      "SESSION_INVALID",
      `the model has ${offset} parameters; at most ${MAX_PARAMETERS} are supported`,
      { parameters: offset, limit: MAX_PARAMETERS },
    );
  }
  return { parameters, size: offset };
}
