/** A heartbeat of a healthy node, for tests. */
import type { Heartbeat } from "../../../protocol/index.js";

export const beat = (change: Partial<Heartbeat> = {}): Heartbeat => ({
  v: 1,
  name: "n",
  zone: "",
  version: "0.1.0",
  role: "follower",
  backend: "wasm",
  canTrain: true,
  session: "s",
  reason: null,
  phase: "idle",
  round: null,
  height: null,
  versionHash: null,
  samplesPerSecond: null,
  memoryUsedBytes: null,
  memoryTotalBytes: null,
  appliedIndex: 0,
  apiAddress: null,
  addresses: [],
  leaving: false,
  ...change,
});
