/** What the probes answer, for the reference. */

export const HEALTH = {
  status: "ok",
  ready: true,
  peer_id: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
  name: "gpu1",
  swarm_id: "default",
  version: "0.1.0",
  uptime_seconds: 512,
};

export const READY = {
  ready: true,
  checks: { swarm: { ok: true }, leader: { ok: true }, log: { ok: true }, session: { ok: true } },
};

export const LIVE = { status: "ok", uptime_seconds: 512 };
