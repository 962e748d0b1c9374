"""Writes training/models/testdata/gpt2_*: a small GPT-2 as Hugging Face's own GPT2LMHeadModel computes it.

The test training/models/gpt2.test.ts must find the same logits, loss and gradients from the same weights. Nothing
here knows anything of this repository: names, shapes and values are what `transformers` makes of them.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install torch transformers
    /tmp/reference/bin/python scripts/reference/gpt2_reference.py

Last written with torch 2.15.0 and transformers 5.24.0 on x86-64.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

OUT = Path(__file__).parents[2] / "training" / "models" / "testdata"
SEED = 20190214
SEQUENCES, LENGTH = 2, 10

config = GPT2Config(
    vocab_size=37,
    n_positions=12,
    n_embd=18,
    n_layer=2,
    n_head=3,
    activation_function="gelu_new",
    embd_pdrop=0.0,
    attn_pdrop=0.0,
    resid_pdrop=0.0,
    bos_token_id=None,
    eos_token_id=None,
    attn_implementation="eager",
)
random = torch.Generator().manual_seed(SEED)
model = GPT2LMHeadModel(config).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        # Far from the initial values, under which every bias is 0, every LayerNorm the same and attention flat.
        values = torch.randn(parameter.shape, generator=random)
        is_norm_weight = ".ln_" in name and name.endswith(".weight")
        parameter.copy_(1 + 0.4 * values if is_norm_weight else 0.4 * values)

inputs = torch.randint(config.vocab_size, (SEQUENCES, LENGTH), generator=random)
targets = torch.randint(config.vocab_size, (SEQUENCES, LENGTH), generator=random)
logits = model(inputs).logits
loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
loss.backward()

weights = {name: p.detach().contiguous() for name, p in model.named_parameters()}
gradients = {name: p.grad.contiguous() for name, p in model.named_parameters()}
outputs = {"logits": logits.detach().flatten(0, 1).contiguous(), "loss": loss.detach()}
for name, tensors in {"weights": weights, "gradients": gradients, "outputs": outputs}.items():
    save_file(tensors, OUT / f"gpt2_{name}.safetensors", metadata={"format": "pt"})

fields = ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "activation_function", "layer_norm_epsilon")
case = {name: getattr(config, name) for name in fields}
case |= {"length": LENGTH, "inputs": inputs.flatten().tolist(), "targets": targets.flatten().tolist()}
lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in case.items())
(OUT / "gpt2_case.json").write_text("{\n" + lines.replace("e-0", "e-") + "\n}\n")
