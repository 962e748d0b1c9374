import { z } from "zod";
import { isHostPattern } from "../api/hosts.js";
import { isProxy } from "../api/proxy.js";
import { field, group } from "./field.js";
import { optionalPath } from "./node.js";

export const api = group(
  "api",
  "The HTTP API: where it listens, for whom, and how often one may ask.",
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
          "Address to listen on. Beyond loopback it needs authentication, and `tls_cert_file` with `tls_key_file` or `insecure_bind`.",
        allowed: "an IP address or a host name",
      },
    ),
    port: field(z.number().int().min(0).max(65_535).default(8080), {
      about: "TCP port. 0 lets the system choose.",
    }),
    insecureBind: field(z.boolean().default(false), {
      about:
        "Listen beyond loopback without TLS: passwords and tokens then cross the network in the clear. For a network that encrypts itself, or behind a proxy that does.",
    }),
    allowedHosts: field(z.array(z.string().max(253).refine(isHostPattern)).max(64).default([]), {
      about:
        "Names that requests may carry in their `Host` header beside localhost, IP addresses and this host's own name; others are refused (DNS rebinding). They count on loopback too.",
      allowed: "host names such as swarm.example.org, without a port",
    }),
    tlsCertFile: field(optionalPath(), {
      about:
        "PEM file with the certificate and those between it and its root: turns TLS (1.2 or later) on. Read again when it changes.",
      allowed: "a path, or empty for none",
    }),
    tlsKeyFile: field(optionalPath(), {
      about: "PEM file with the private key of `tls_cert_file`, without a passphrase.",
      allowed: "a path, or empty for none",
    }),
    trustProxy: field(
      z
        .array(z.union([z.string(), z.number()]).transform(String).refine(isProxy))
        .max(64)
        .default([]),
      {
        about:
          "Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: their addresses, or how many of them every request has come through.",
        allowed: "IP addresses, networks such as 10.0.0.0/8, or one number of hops from 1 to 8",
      },
    ),
    metricsToken: field(z.union([z.literal(""), z.string().regex(/^[!-~]{16,512}$/)]).default(""), {
      about: "Token that `/metrics` asks for (`Authorization: Bearer …`). Empty: it is open.",
      allowed: "16 to 512 printable characters without spaces, or empty",
      secret: true,
    }),
    metricsTokenFile: field(optionalPath(), {
      about: "File with that token, in place of `metrics_token`.",
      allowed: "a path, or empty for none",
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
