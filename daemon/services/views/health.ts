/** Health: alive, ready, and why not. */
import type { SwarmSnapshot } from "../source.js";

export interface CheckView {
  readonly ok: boolean;
  readonly reason?: string;
}

export interface LiveView {
  readonly status: "ok";
  readonly uptime_seconds: number;
}

export interface ReadyView {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckView>>;
}

export interface HealthView {
  /** `degraded`: alive, but not ready. */
  readonly status: "ok" | "degraded";
  readonly ready: boolean;
  readonly peer_id: string;
  readonly name: string;
  readonly swarm_id: string;
  readonly version: string;
  readonly uptime_seconds: number;
}

/** Committed entries that may wait to be applied before the node counts as behind. */
const APPLY_LAG_MAX = 1000;

export function liveView(snapshot: SwarmSnapshot): LiveView {
  return { status: "ok", uptime_seconds: uptimeOf(snapshot) };
}

export function readyView(snapshot: SwarmSnapshot): ReadyView {
  const faults: Record<string, string | null> = {
    swarm: swarmFault(snapshot),
    leader: leaderFault(snapshot),
    log: logFault(snapshot),
  };
  for (const [name, reason] of Object.entries(snapshot.checks)) faults[name] ??= reason;
  const checks = Object.entries(faults).map(([name, reason]): [string, CheckView] => {
    return [name, reason === null ? { ok: true } : { ok: false, reason }];
  });
  return { ready: checks.every(([, check]) => check.ok), checks: Object.fromEntries(checks) };
}

export function healthView(snapshot: SwarmSnapshot): HealthView {
  const { ready } = readyView(snapshot);
  return {
    status: ready ? "ok" : "degraded",
    ready,
    peer_id: snapshot.self.peer,
    name: snapshot.self.name,
    swarm_id: snapshot.swarm,
    version: snapshot.self.version,
    uptime_seconds: uptimeOf(snapshot),
  };
}

function swarmFault({ control, self, follows }: SwarmSnapshot): string | null {
  if (control === null)
    return "this node belongs to no swarm yet: none was found to join and none was formed";
  if (follows) return control.index > 0 ? null : "this node has not heard of the swarm's state yet";
  const member = control.voters.includes(self.peer) || control.learners.includes(self.peer);
  return member ? null : "this node has not been admitted to the swarm yet";
}

function leaderFault({ raft, follows }: SwarmSnapshot): string | null {
  // Whoever follows from outside hears of versions, not of leaders.
  if (raft?.leader || follows) return null;
  return "no leader: too few voters can be reached, or an election is under way";
}

function logFault({ raft }: SwarmSnapshot): string | null {
  if (raft === null) return "the log is not open yet";
  const behind = raft.commitIndex - raft.appliedIndex;
  return behind > APPLY_LAG_MAX ? `${behind} committed entries are still to be applied` : null;
}

function uptimeOf({ nowMs, self }: SwarmSnapshot): number {
  return Math.max(0, Math.round((nowMs - self.startedAtMs) / 1000));
}
