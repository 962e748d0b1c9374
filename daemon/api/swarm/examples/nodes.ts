/** What the routes about nodes answer, for the reference. */

export const NODE_LIST = {
  nodes: [
    {
      id: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
      name: "gpu1",
      address: "192.168.1.100:9473",
      status: "active",
      role: "leader",
      model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
      last_seen: "2026-11-24T03:40:37.825Z",
      performance: {
        training_speed: 0.95,
        memory_usage: 0.67,
        network_latency: 15.2,
        samples_per_second: 525.398,
      },
    },
  ],
  total: 1,
  active: 1,
};

export const NODE_DETAIL = {
  id: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
  name: "gpu1",
  address: "192.168.1.100:9473",
  status: "active",
  role: "leader",
  model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
  last_seen: "2026-11-24T03:40:37.825Z",
  performance: {
    training_speed: 0.95,
    memory_usage: 0.67,
    network_latency: 15.2,
    samples_per_second: 525.398,
  },
  self: false,
  addresses: ["/ip4/192.168.1.100/tcp/9473/p2p/12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA"],
  version: "0.1.0",
  backend: "wasm",
  height: 127,
  joined_index: 3,
  memory: {
    used_bytes: 23060262912,
    total_bytes: 34418302976,
  },
  training: {
    session_id: "training_fc54e789d858",
    phase: "training",
    round: 131,
    steps: 15,
    can_train: true,
    reason: null,
  },
  connections: [
    {
      address: "/ip4/192.168.1.100/tcp/9473",
      direction: "outbound",
      latency_ms: 15.2,
      since: "2026-11-24T03:40:34.582Z",
    },
  ],
};

export const NODE_REMOVED = {
  id: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
  name: "gpu1",
  status: "removed",
};
