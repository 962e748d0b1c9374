import { z } from "zod";
import { field, group, word } from "./field.js";

export const logging = group(
  "logging",
  "What the node writes about itself.",
  z.object({
    level: field(word(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info"), {
      about: "The least important messages that are written.",
      flag: "log-level",
    }),
    format: field(word(["auto", "json", "pretty"], "auto"), {
      about:
        "`json`: one object a line on stdout. `pretty`: text for people on stderr. `auto`: pretty on a terminal, else json.",
      flag: "log-format",
    }),
  }),
);
