import { z } from "zod";
import { field, group, size } from "./field.js";

export const storage = group(
  "storage",
  "How much is kept in the data folder.",
  z.object({
    keepVersions: field(z.number().int().min(1).max(10_000).default(5), {
      about: "Latest model versions kept as files. Their history (the certificates) is always kept whole.",
    }),
    maxBytes: field(size("20GiB", 16 * 2 ** 20, 2 ** 50), {
      about:
        "Most bytes of model versions, updates, unfinished downloads and damaged blobs put aside, together; past it the damaged, then the oldest are removed, never the current version.",
    }),
  }),
);
