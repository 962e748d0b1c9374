/**
 * What the API costs: (1) requests a second and p99 of the status and list routes, with authentication, against a bare
 * Koa hello-world in the same run, taking turns; (2) many WebSocket clients with events at a steady rate: memory, delivery.
 * Servers and clients are processes of their own.
 *
 * npm run bench:api -- --rounds 5 --seconds 4 --connections 32 --nodes 20 --clients 1000 --rate 100 --events-seconds 20
 */
import { parseArgs } from "node:util";
import type { BareReady } from "./api/bare.js";
import type { Delivered } from "./api/listeners.js";
import type { LoadResult } from "./api/load.js";
import { startPart } from "./api/part.js";
import type { ServerReady, ServerUse } from "./api/server.js";
import { median, printTable, spread } from "./lib.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "32" },
    nodes: { type: "string", default: "20" },
    clients: { type: "string", default: "1000" },
    rate: { type: "string", default: "100" },
    "events-seconds": { type: "string", default: "20" },
    keeper: { type: "string", default: "jwt" },
  },
});
const whole = (name: keyof typeof values): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name}: expected a whole number above 0, not ${values[name]}`);
};
const options = {
  rounds: whole("rounds"),
  seconds: whole("seconds"),
  connections: whole("connections"),
  nodes: whole("nodes"),
  clients: whole("clients"),
  rate: whole("rate"),
  eventsSeconds: whole("events-seconds"),
};
const ROUTES = ["/api/v1/training/status", "/api/v1/consensus/status", "/api/v1/nodes", "/api/v1/models"];
const BARE = "bare Koa";

const server = startPart<ServerReady>("server", [
  String(options.nodes),
  String(options.clients),
  values.keeper,
]);
const bare = startPart<BareReady>("bare", []);
try {
  const { address, token } = await server.ready;
  const { address: bareAddress } = await bare.ready;
  await requests(address, token, bareAddress);
  await events(address, token);
} finally {
  await Promise.all([server.stop(), bare.stop()]);
}

async function requests(address: string, token: string | null, bareAddress: string): Promise<void> {
  const results = new Map<string, (LoadResult & { cpuUs: number })[]>();
  const measure = async (name: string, part: typeof server | typeof bare, base: string, path: string) => {
    const before = await part.ask<ServerUse>("use");
    const args = [base, path, token ?? "", String(options.connections), String(options.seconds)];
    const result = await startPart<LoadResult>("load", args).ready;
    const after = await part.ask<ServerUse>("use");
    const cpuUs = (after.cpuUs - before.cpuUs) / result.requests;
    results.set(name, [...(results.get(name) ?? []), { ...result, cpuUs }]);
  };
  // Round 0 warms up, and is not counted.
  for (let round = 0; round <= options.rounds; round++) {
    await measure(BARE, bare, bareAddress, "/");
    for (const path of ROUTES) {
      await measure(path, server, address, path);
      await measure(BARE, bare, bareAddress, "/");
    }
    if (round === 0) results.clear();
  }
  const of = (name: string, figure: (r: LoadResult & { cpuUs: number }) => number) =>
    (results.get(name) ?? []).map(figure);
  const rows = [BARE, ...ROUTES].map((name) => {
    const rates = of(name, (r) => r.requests / r.seconds);
    const share = median(rates) / median(of(BARE, (r) => r.requests / r.seconds));
    const cpu = median(of(BARE, (r) => r.cpuUs)) / median(of(name, (r) => r.cpuUs));
    return [
      name,
      spread(rates, 0),
      `${(share * 100).toFixed(0)} %`,
      spread(of(name, (r) => r.p99Ms)),
      spread(
        of(name, (r) => r.cpuUs),
        1,
      ),
      `${(cpu * 100).toFixed(0)} %`,
    ];
  });
  printTable(
    `API: ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s, ${options.nodes} nodes, authentication: ${values.keeper}`,
    [
      "route",
      "requests/s, min / median / max",
      "of bare",
      "p99, ms",
      "server CPU, µs a request",
      "of bare by CPU",
    ],
    rows,
  );
}

async function events(address: string, token: string | null): Promise<void> {
  const { clients, rate, eventsSeconds } = options;
  const idle = await server.ask<ServerUse>("use");
  const listeners = startPart<{ readonly connected: number }>("listeners", [
    address,
    token ?? "",
    String(clients),
  ]);
  try {
    await listeners.ready;
    const connected = await server.ask<ServerUse>("use");
    const published = await server.ask<{ readonly events: number }>("publish", {
      rate,
      seconds: eventsSeconds,
    });
    const busy = await server.ask<ServerUse>("use");
    const delivered = await listeners.ask<Delivered>("delivered", { events: published.events });
    const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
    const cpu = (busy.cpuUs - connected.cpuUs) / 1e6 / eventsSeconds;
    printTable(
      `Events: ${clients} WebSocket clients, ${rate} events a second for ${eventsSeconds} s`,
      ["what", "value"],
      [
        ["delivered", `${delivered.messages} of ${published.events * clients}`],
        [
          "delivery, ms: median / p99 / max",
          [delivered.p50Ms, delivered.p99Ms, delivered.maxMs].map((ms) => ms.toFixed(1)).join(" / "),
        ],
        [
          "server RSS, MiB: idle / connected / peak",
          [idle.rssBytes, connected.rssBytes, busy.rssPeakBytes].map(mib).join(" / "),
        ],
        [
          "server heap, MiB: idle / connected / after",
          [idle.heapBytes, connected.heapBytes, busy.heapBytes].map(mib).join(" / "),
        ],
        ["server CPU, cores", cpu.toFixed(2)],
      ],
    );
  } finally {
    await listeners.stop();
  }
}
