import { multiaddr } from "@multiformats/multiaddr";
import { z } from "zod";
import { field, group } from "./field.js";
import { absolutePath, LABEL_ALLOWED } from "./node.js";

const address = z.string().max(1024).refine(isMultiaddr, { error: "is not a multiaddr" });
const peerAddress = address.refine((text) => text.includes("/p2p/"), {
  error: "does not end in /p2p/ and a peer id",
});

function isMultiaddr(text: string): boolean {
  try {
    return multiaddr(text).getComponents().length > 0;
  } catch {
    return false;
  }
}

export const network = group(
  "network",
  "How nodes find and reach each other.",
  z.object({
    swarmId: field(
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
        .default("default"),
      {
        about:
          "Nodes only talk to nodes of the same swarm id: it is part of every protocol and topic name. It is a name, not a secret: where strangers share the network, set swarm_key_file too.",
        flag: "swarm-id",
        allowed: LABEL_ALLOWED,
      },
    ),
    listen: field(z.array(address).min(1).max(16).default(["/ip4/0.0.0.0/tcp/9473"]), {
      about: "Multiaddrs to listen on for other nodes. Port 0 lets the system choose.",
      flag: "listen",
      allowed: "multiaddrs such as /ip4/0.0.0.0/tcp/9473",
    }),
    announce: field(z.array(address).max(16).default([]), {
      about: "Multiaddrs told to others instead of the ones listened on, for a node behind a port forward.",
      flag: "announce",
      allowed: "multiaddrs such as /dns4/gpu1.example.org/tcp/9473",
    }),
    bootstrap: field(z.array(peerAddress).max(64).default([]), {
      about: "Nodes to call first. One living one is enough; the others are found through it.",
      flag: "bootstrap",
      allowed: "multiaddrs that end in a peer id, such as /ip4/10.0.0.5/tcp/9473/p2p/12D3KooW…",
    }),
    mdns: field(z.boolean().default(true), {
      about: "Find nodes of this swarm on the local network by multicast DNS.",
    }),
    swarmKeyFile: field(
      z
        .string()
        .max(4096)
        .transform((path) => (path === "" ? null : absolutePath(path)))
        .prefault(""),
      {
        about:
          "File with a pre-shared key (libp2p's swarm.key format). Nodes without the same key cannot connect at all.",
        flag: "swarm-key-file",
        allowed: "a path, or empty for none",
      },
    ),
    maxConnections: field(z.number().int().min(4).max(10_000).default(300), {
      about: "Most connections to other nodes at a time; past it new ones are refused.",
      flag: "max-connections",
    }),
  }),
);
