/** What the routes about the network answer, for the reference. */

export const TOPOLOGY = {
  self: "12D3KooWBHvsSSKHeragACma3HUodK5FcPUpXccl8gQeFvtTjCpm",
  nodes: [
    {
      id: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
      name: "gpu1",
      address: "192.168.1.100:9473",
      status: "active",
      role: "leader",
      connected: true,
    },
    {
      id: "12D3KooWBHvsSSKHeragACma3HUodK5FcPUpXccl8gQeFvtTjCpm",
      name: "gpu2",
      address: "192.168.1.101:9473",
      status: "active",
      role: "voter",
      connected: true,
    },
  ],
  links: [
    {
      source: "12D3KooWBHvsSSKHeragACma3HUodK5FcPUpXccl8gQeFvtTjCpm",
      target: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
      address: "/ip4/192.168.1.100/tcp/9473",
      direction: "outbound",
      latency_ms: 15.2,
      since: "2026-11-24T03:40:34.582Z",
    },
  ],
};

export const NETWORK_METRICS = {
  connections: {
    total: 3,
    inbound: 1,
    outbound: 2,
  },
  peers_connected: 3,
  latency_ms: {
    min: 0.4,
    median: 15.2,
    p95: 18.1,
    max: 18.1,
    peers: 3,
  },
  bytes: {
    sent: 1048576,
    received: 2097152,
  },
  gossip: [
    {
      topic: "update",
      accepted: 381,
      ignored: 0,
      rejected: 1,
    },
  ],
  blobs: {
    bytes_fetched: 0,
    bytes_served: 0,
    corrupt_chunks: 0,
  },
  refused: {
    peers: 0,
  },
};
