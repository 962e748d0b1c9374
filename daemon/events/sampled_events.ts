/** What has changed between two looks at the node, as events. Pure: the same two give the same events. */

import { isActive } from "../../consensus/control/index.js";
import type { SwarmSnapshot } from "../services/source.js";
import { hostPortOf, nameOf, presenceOf } from "../services/views/common.js";
import { consensusStatusView } from "../services/views/consensus.js";
import { readyView } from "../services/views/health.js";
import { currentSession, type TrainingStatusView, trainingStatusView } from "../services/views/training.js";
import { EVENT_LIMITS } from "./limits.js";
import { ALERTS, type AlertCode, type EventData, type EventOf } from "./schema.js";

/** What of a snapshot is compared: small, so that keeping it costs little. */
export interface Sample {
  /** Members, by whether they were heard lately. */
  readonly alive: ReadonlyMap<string, boolean>;
  readonly progress: EventData<"training_progress"> | null;
  /** `progress` as text, to be compared. */
  readonly progressText: string;
  readonly restarts: number;
  readonly quorum: { readonly reachable: boolean; readonly alive: number; readonly needed: number } | null;
  /** Readiness checks that fail, with the reason. */
  readonly faults: ReadonlyMap<string, string>;
  readonly chunksCorrupt: number;
  /** Versions that wait for the operator. */
  readonly awaiting: ReadonlySet<string>;
}

export function sampleOf(snapshot: SwarmSnapshot): Sample {
  const { control, presence, votes } = snapshot;
  const members = new Set(control?.members.map((m) => m.peer));
  const heard = presence.filter((p) => members.has(p.peer) && p.peer !== snapshot.self.peer);
  const progress = progressOf(snapshot);
  const { quorum } = consensusStatusView(snapshot);
  const checks = Object.entries(readyView(snapshot).checks);
  return {
    alive: new Map(heard.map(({ peer, alive }) => [peer, alive])),
    progress,
    progressText: JSON.stringify(progress),
    restarts: snapshot.trainer.restarts,
    quorum: quorum.voters === 0 ? null : quorum,
    faults: new Map(checks.flatMap(([name, { ok, reason }]) => (ok ? [] : [[name, reason ?? ""]]))),
    chunksCorrupt: snapshot.traffic.blobChunksCorrupt,
    awaiting: new Set(votes?.open.filter((v) => v.state === "awaiting").map((v) => v.decision.result.hash)),
  };
}

export function sampledEvents(before: Sample, after: Sample, snapshot: SwarmSnapshot): EventOf[] {
  return [
    ...presenceEvents(before, after, snapshot),
    ...(after.progress === null || after.progressText === before.progressText
      ? []
      : [{ type: "training_progress" as const, data: after.progress }]),
    ...alerts(before, after),
  ];
}

/** Of a session that has ended only what does not change any more: it is told once. */
function progressOf(snapshot: SwarmSnapshot): EventData<"training_progress"> | null {
  const session = currentSession(snapshot.control);
  if (session === null) return null;
  const runs = isActive(session);
  const view: TrainingStatusView = trainingStatusView(snapshot);
  return {
    session_id: session.id,
    status: session.status,
    ...view.progress,
    samples_per_second: runs ? view.samples_per_second : null,
    nodes: runs ? view.nodes.slice(0, EVENT_LIMITS.progressNodes) : [],
    nodes_total: view.nodes.length,
  };
}

function presenceEvents(before: Sample, after: Sample, snapshot: SwarmSnapshot): EventOf[] {
  const presence = presenceOf(snapshot);
  return [...after.alive].flatMap(([peer, alive]): EventOf[] => {
    const was = before.alive.get(peer);
    // One that was not known before is news by its admission, not by its heartbeat.
    if (was === undefined || was === alive) return [];
    const name = nameOf(peer, presence, snapshot.control);
    if (!alive) return [{ type: "node_left", data: { id: peer, name, reason: "silent" } }];
    const address = addressOf(presence.get(peer)?.addresses ?? []);
    return [{ type: "node_joined", data: { id: peer, name, address, reason: "returned" } }];
  });
}

export function addressOf(addresses: readonly string[]): string | null {
  return addresses.map(hostPortOf).find((address) => address !== null) ?? null;
}

function alerts(before: Sample, after: Sample): EventOf[] {
  const found: EventOf[] = [];
  const tell = (code: AlertCode, message: string, details: Record<string, unknown>) =>
    found.push({ type: "alert", data: { code, severity: ALERTS[code], message, details } });

  if (after.restarts > before.restarts)
    tell("TRAINER_RESTARTED", "the trainer process died and was started again", { restarts: after.restarts });
  if (before.quorum !== null && after.quorum !== null) {
    const { reachable, alive, needed } = after.quorum;
    const facts = { alive, needed };
    if (before.quorum.reachable && !reachable)
      tell("QUORUM_LOST", `this node hears ${alive} voters, and ${needed} are needed to decide`, facts);
    if (!before.quorum.reachable && reachable)
      tell("QUORUM_FOUND", `this node hears ${alive} voters, and ${needed} are enough to decide`, facts);
  }
  for (const [check, reason] of after.faults)
    if (!before.faults.has(check))
      tell("NOT_READY", `${check}: ${reason}`.slice(0, EVENT_LIMITS.reasonChars), { check });
  if (before.faults.size > 0 && after.faults.size === 0) tell("READY", "every check of this node passes", {});
  if (after.chunksCorrupt > before.chunksCorrupt) {
    const chunks = after.chunksCorrupt - before.chunksCorrupt;
    tell("CHUNKS_CORRUPT", `${chunks} chunks did not match their hash and were asked of others`, { chunks });
  }
  for (const hash of after.awaiting)
    if (!before.awaiting.has(hash))
      tell("APPROVAL_WAITING", "a version waits for the vote of this node's operator", { model_hash: hash });
  return found;
}
