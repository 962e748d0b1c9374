import { z } from "zod";
import { duration, field, group, word } from "./field.js";

export const authentication = group(
  "authentication",
  "Who may use the API. Read and checked, but not enforced yet.",
  z.object({
    provider: field(word(["none", "jwt"], "none"), {
      about:
        "How callers prove who they are. Not enforced yet: a node that is told `jwt` says so when it starts.",
    }),
    loopbackEvents: field(z.boolean().default(true), {
      about:
        "A program on this machine may watch the events at /api/v1/ws without a token, as a viewer. A web page of another origin and a request through a proxy may not.",
    }),
    tokenExpiryMs: field(duration("24h", 60_000, 365 * 86_400_000), { about: "How long a token is valid." }),
  }),
);
