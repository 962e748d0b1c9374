/** A network and a supervisor that stand still, for tests. */
import type { NetworkPort } from "../network_port.js";
import type { SpawnedPort } from "../spawned_port.js";
import { A } from "./snapshot.js";

export function networkFixture(overrides: Partial<NetworkPort> = {}): NetworkPort {
  return {
    mesh: () => [{ topic: "update", peers: [A] }],
    streams: () => [{ protocol: "/ncrsh/default/rpc/1", inbound: 0, outbound: 1 }],
    bytes: () => ({
      sent: 1000,
      received: 2000,
      byProtocol: { "/ncrsh/default/raft/1": { sent: 70, received: 80 } },
    }),
    scoreOf: () => 0,
    latency: async () => ({
      buckets: [
        { atMostMs: 1, count: 2 },
        { atMostMs: null, count: 3 },
      ],
      count: 3,
      sumMs: 17.5,
    }),
    discover: async () => ({
      peersBefore: 1,
      peersAfter: 1,
      found: [],
      dialed: 0,
      failed: [],
      durationMs: 1000,
    }),
    ...overrides,
  };
}

export function spawnedFixture(overrides: Partial<SpawnedPort> = {}): SpawnedPort {
  const unexpected = () => Promise.reject(new Error("this test did not expect it"));
  return { list: () => [], start: unexpected, remove: unexpected, ...overrides };
}
