/** Health: alive, ready, and why not. */
import { z } from "zod";
import { majorityOf } from "../../../consensus/votes/index.js";
import type { SwarmSnapshot } from "../source.js";
import { naturalSchema, type View } from "./view.js";

export const checkViewSchema = z
  .object({ ok: z.boolean(), reason: z.string().optional() })
  .meta({ id: "Check", description: "Whether one part of the node can do its work, and why not." });
export type CheckView = View<typeof checkViewSchema>;

export const liveViewSchema = z
  .object({ status: z.literal("ok"), uptime_seconds: naturalSchema })
  .meta({ id: "Live", description: "The process answers." });
export type LiveView = View<typeof liveViewSchema>;

export const readyViewSchema = z
  .object({ ready: z.boolean(), checks: z.record(z.string(), checkViewSchema) })
  .meta({ id: "Ready", description: "Whether the node can do its work; every check says for itself." });
export type ReadyView = View<typeof readyViewSchema>;

export const healthViewSchema = z
  .object({
    status: z.enum(["ok", "degraded"]).describe("`degraded`: alive, but not ready."),
    ready: z.boolean(),
    peer_id: z.string(),
    name: z.string(),
    swarm_id: z.string(),
    version: z.string(),
    uptime_seconds: naturalSchema,
  })
  .meta({ id: "Health", description: "Who the answering node is, and whether it is ready." });
export type HealthView = View<typeof healthViewSchema>;

/** Committed entries that may wait to be applied before the node counts as behind. */
const APPLY_LAG_MAX = 1000;

export function liveView(snapshot: SwarmSnapshot): LiveView {
  return { status: "ok", uptime_seconds: uptimeOf(snapshot) };
}

export function readyView(snapshot: SwarmSnapshot): ReadyView {
  const faults: Record<string, string | null> = {
    swarm: swarmFault(snapshot),
    leader: leaderFault(snapshot),
    quorum: quorumFault(snapshot),
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

/** By the heartbeats that this node hears: also a leader that is cut off sees it before its term ends. */
function quorumFault({ control, presence, self, follows }: SwarmSnapshot): string | null {
  // Whoever follows from outside decides nothing, and need not reach who does.
  if (control === null || follows || control.voters.length === 0) return null;
  const alive = new Set(presence.filter((p) => p.alive).map((p) => p.peer)).add(self.peer);
  const reached = control.voters.filter((voter) => alive.has(voter)).length;
  const needed = majorityOf(control.voters.length);
  if (reached >= needed) return null;
  return `only ${reached} of ${control.voters.length} voters can be reached, and ${needed} are needed to decide anything`;
}

function logFault({ raft }: SwarmSnapshot): string | null {
  if (raft === null) return "the log is not open yet";
  const behind = raft.commitIndex - raft.appliedIndex;
  return behind > APPLY_LAG_MAX ? `${behind} committed entries are still to be applied` : null;
}

function uptimeOf({ nowMs, self }: SwarmSnapshot): number {
  return Math.max(0, Math.round((nowMs - self.startedAtMs) / 1000));
}
