import { z } from "zod";
import { field, group, size } from "./field.js";

export const audit = group(
  "audit",
  "The log of who changed what through the API, in `<data-dir>/audit`.",
  z.object({
    maxFileBytes: field(size("16MiB", 64 * 1024, 64 * 2 ** 20), {
      about: "Past this size a file of the log is closed and the next one begun.",
    }),
    keepFiles: field(z.number().int().min(2).max(1000).default(16), {
      about: "Files that are kept; the oldest is removed when there are more.",
    }),
    fsync: field(z.boolean().default(true), {
      about:
        "Whether a change is answered only once its record is on the disk. Without, a power cut may cost the last seconds.",
    }),
  }),
);
