import { z } from "zod";
import { field, group } from "./field.js";

export const api = group(
  "api",
  "The HTTP API. Until authentication exists it listens on loopback only.",
  z.object({
    host: field(
      z
        .string()
        .min(1)
        .max(253)
        .regex(/^[A-Za-z0-9.:_-]+$/)
        .default("127.0.0.1"),
      {
        about:
          "Address to listen on. Anything but loopback is refused when the node starts, as long as there is no authentication.",
        allowed: "an IP address or a host name",
      },
    ),
    port: field(z.number().int().min(0).max(65_535).default(8080), {
      about: "TCP port. 0 lets the system choose.",
    }),
    corsEnabled: field(z.boolean().default(false), {
      about: "Answer cross-origin requests from browsers, for the origins in `cors`.",
    }),
    rateLimit: field(z.number().int().min(0).max(1_000_000).default(100), {
      about: "Requests a minute and client address, of callers without a token. 0: no limit for anybody.",
    }),
    authenticatedRateLimit: field(z.number().int().min(1).max(1_000_000).default(1000), {
      about: "Requests a minute of one user or API key.",
    }),
    spawnedNodesMax: field(z.number().int().min(0).max(64).default(4), {
      about:
        "Nodes that may be started on this host through the API (`POST /api/v1/nodes`), as child processes of this node. 0: none.",
    }),
    jwtSecret: field(z.string().max(4096).default(""), {
      about:
        "Secret that signs tokens where `authentication.algorithm` is hs256, at least 32 bytes; else it is not used.",
      secret: true,
    }),
  }),
);
