import type { Ops, Tensor } from "../backends/types.js";
import type { Gpt2Spec } from "../session.js";
import type { Weights } from "./weights.js";

/**
 * GPT-2 (Radford et al. 2019) as Hugging Face's `GPT2LMHeadModel` computes it: learned positions, pre-LayerNorm,
 * GELU-tanh, output projection tied to the embedding; without dropout.
 *
 * @param tokens [sequences × length], whole sequences one after another; `length` ≤ the model's context length
 * @returns logits [sequences × length, vocabulary]
 */
export function gpt2Logits(
  ops: Ops,
  model: Gpt2Spec,
  weights: Weights,
  tokens: Int32Array,
  length: number,
): Tensor {
  const pair = (name: string) => [weights(`${name}.weight`), weights(`${name}.bias`)] as const;
  const wte = weights("transformer.wte.weight");
  let hidden = ops.embedding([wte, weights("transformer.wpe.weight")], { tokens, contextLength: length });
  for (let layer = 0; layer < model.numLayers; layer++) {
    const at = `transformer.h.${layer}`;
    const qkv = ops.linear(
      [ops.layerNorm([hidden, ...pair(`${at}.ln_1`)], null), ...pair(`${at}.attn.c_attn`)],
      null,
    );
    const attended = ops.causalAttention([qkv], { heads: model.numHeads, contextLength: length });
    hidden = ops.add([hidden, ops.linear([attended, ...pair(`${at}.attn.c_proj`)], null)], null);
    const wide = ops.linear(
      [ops.layerNorm([hidden, ...pair(`${at}.ln_2`)], null), ...pair(`${at}.mlp.c_fc`)],
      null,
    );
    hidden = ops.add([hidden, ops.linear([ops.gelu([wide], null), ...pair(`${at}.mlp.c_proj`)], null)], null);
  }
  return ops.tiedLogits([ops.layerNorm([hidden, ...pair("transformer.ln_f")], null), wte], null);
}
