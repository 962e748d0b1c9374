import { z } from "zod";
import { duration, field, group, size, word } from "./field.js";

export const training = group(
  "training",
  "What this node does for training sessions. What is trained is said by `train start`, not here.",
  z.object({
    enabled: field(z.boolean().default(true), {
      about:
        "Contribute to training. When false the node votes, keeps versions and serves them, but runs no trainer.",
    }),
    backend: field(word(["auto", "wasm"], "auto"), {
      about: "What computes. `auto` takes the fastest that works on this machine.",
    }),
    inlineUpdateMaxBytes: field(size("32KiB", 0, 256 * 1024), {
      about:
        "Updates up to this size travel in the gossip itself, which saves a round trip; larger ones are fetched, for a third of the bytes.",
    }),
    trainerMemoryMaxBytes: field(size("0", 0, 2 ** 50), {
      about: "Memory after which the trainer process is stopped and started again. 0: no limit.",
    }),
    heartbeatMs: field(duration("1s", 50, 60_000), {
      about: "How often this node tells the others that it is there and what it can do.",
    }),
    defaultHiddenSize: field(z.number().int().min(0).max(16_384).default(0), {
      about:
        "`model.hidden_size` of sessions that are started through this node, train a `gpt2` and do not say. 0: what `train start` takes by itself.",
    }),
    defaultNumLayers: field(z.number().int().min(0).max(256).default(0), {
      about: "`model.num_layers` of such sessions. 0: what `train start` takes by itself.",
    }),
    defaultNumHeads: field(z.number().int().min(0).max(256).default(0), {
      about: "`model.num_heads` of such sessions. 0: what `train start` takes by itself.",
    }),
    deadAfterMs: field(duration("4s", 200, 3_600_000), {
      about: "Silence after which a node counts as gone and is no longer waited for.",
    }),
  }),
);
