/** Asks for one path over kept-alive connections, one request after the other on each, and tells how it went. */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { partReady } from "./part.js";
import { percentile } from "./percentile.js";

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [address = "", path = "/", token = "", connections = "32", seconds = "4"] = process.argv.slice(2);
const pool = new Pool(address, { connections: Number(connections), pipelining: 1 });
const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
const latencies: number[] = [];
let isOver = false;

async function client(): Promise<void> {
  while (!isOver) {
    const startMs = performance.now();
    const { statusCode, body } = await pool.request({ path, method: "GET", headers });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    if (!isOver) latencies.push(performance.now() - startMs);
  }
}

const startMs = performance.now();
const clients = Array.from({ length: Number(connections) }, client);
await Promise.race([sleep(Number(seconds) * 1000), Promise.all(clients)]);
isOver = true;
const tookSeconds = (performance.now() - startMs) / 1000;
await Promise.all(clients);
await pool.close();
const sorted = Float64Array.from(latencies).sort();
partReady({
  requests: sorted.length,
  seconds: tookSeconds,
  p50Ms: percentile(sorted, 0.5),
  p99Ms: percentile(sorted, 0.99),
} satisfies LoadResult);
process.disconnect?.();
