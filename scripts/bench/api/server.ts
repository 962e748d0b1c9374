/** The real door with its real services, over a swarm of so many nodes that stands still. */
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { Registry } from "prom-client";
import { createApi } from "../../../daemon/api/index.js";
import { createEvents } from "../../../daemon/events/index.js";
import { createSwarmMetrics } from "../../../daemon/metrics/index.js";
import { createSwarmServices } from "../../../daemon/services/swarm_services.js";
import { networkFixture, spawnedFixture } from "../../../daemon/services/testing/ports.js";
import {
  controlFixture,
  presenceFixture,
  sessionFixture,
  snapshotFixture,
} from "../../../daemon/services/testing/snapshot.js";
import { benchKeeper } from "./keeper.js";
import { onQuestion, partReady } from "./part.js";
import { serverUse, watchMemory } from "./use.js";

export type { ServerUse } from "./use.js";
export interface ServerReady {
  readonly address: string;
  readonly token: string | null;
}

const [nodes = "20", clients = "1000", kind = "jwt"] = process.argv.slice(2);
const peers = Array.from({ length: Number(nodes) }, (_, i) => `12D3KooW${String(i).padStart(44, "0")}`);
const snapshot = snapshotFixture({
  control: controlFixture({
    members: peers.map((peer, i) => ({ peer, name: `gpu${i}`, joinedIndex: i })),
    voters: peers.slice(0, 5),
    session: sessionFixture({ participants: peers }),
  }),
  presence: peers.map((peer) => presenceFixture(peer)),
});
const { keeper, token, stop } = await benchKeeper(kind);
// Its folder goes with it.
process.once("SIGTERM", () => void stop().finally(() => process.exit(0)));
const most = Number(clients) + 16;
const stream = createEvents({ maxClients: most, maxClientsPerAddress: most, maxClientsPerCaller: most });
const refuse = () => Promise.reject(new Error("nothing is changed in a benchmark"));
const registry = new Registry();
const api = await createApi({
  services: createSwarmServices({
    events: stream.service,
    source: { snapshot: () => snapshot, holdsVersion: () => true },
    settings: () => {
      throw new Error("no setting is asked for in a benchmark");
    },
    models: () => {
      throw new Error("no model is asked for in a benchmark");
    },
    network: networkFixture(),
    spawned: spawnedFixture(),
    commands: {
      startTraining: refuse,
      stopTraining: refuse,
      pauseTraining: refuse,
      resumeTraining: refuse,
      removeNode: refuse,
      readmitNode: refuse,
      vote: refuse,
    },
  }),
  registry,
  metrics: createSwarmMetrics(registry, () => snapshot).api,
  config: {
    host: "127.0.0.1",
    port: 0,
    insecureBind: false,
    allowedHosts: [],
    tlsCertFile: null,
    tlsKeyFile: null,
    trustProxy: [],
    corsEnabled: false,
    rateLimit: 0,
    authenticatedRateLimit: 1_000_000,
  },
  cors: { origins: [], methods: [], headers: [] },
  events: { maxClients: most, loopback: true },
  keeper,
  audit: null,
  logger: pino({ level: "silent" }),
});

/** Evenly spread, and caught up with when the clock was late. */
async function publish({ rate, seconds }: { rate: number; seconds: number }): Promise<{ events: number }> {
  const startMs = performance.now();
  const events = rate * seconds;
  for (let sent = 0; sent < events; ) {
    const due = Math.min(events, Math.floor(((performance.now() - startMs) / 1000) * rate));
    for (; sent < due; sent++) {
      const sentAtMs = performance.timeOrigin + performance.now();
      stream.hub.alert("CHUNKS_CORRUPT", "one of the benchmark's events", { number: sent, sent: sentAtMs });
    }
    await sleep(Math.max(1, 1000 / rate / 2));
  }
  return { events };
}

watchMemory();
onQuestion({ use: serverUse, publish });
partReady({ address: api.address, token } satisfies ServerReady);
