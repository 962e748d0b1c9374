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
    deadAfterMs: field(duration("4s", 200, 3_600_000), {
      about: "Silence after which a node counts as gone and is no longer waited for.",
    }),
  }),
);
