/**
 * Gets a decision from whoever leads: here when this node does, else by a call. Asks again while a leader says that it
 * cannot now, and while a new one may just be being elected.
 */
import type { RaftNode } from "../../consensus/node/index.js";
import { ServiceError } from "../services/errors.js";

/** What is not decided after this long has failed. */
const DECIDE_MS_MAX = 20_000;
/** The leader has been out of reach for this long: it is not being elected, this node is cut off. */
const UNREACHABLE_MS_MAX = 5000;
const RETRY_MS = 200;

/** Not now, or not by the node that was asked. */
export interface Wait {
  readonly status: "wait";
  readonly reason: string;
}

export interface LeaderQuestion<A> {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status">;
  /** Whom it is about, for `details.node_id`. */
  readonly peer: string;
  readonly here: () => Promise<A | Wait>;
  readonly there: (leader: string, timeoutMs: number) => Promise<A | Wait>;
  /** Default: `UNREACHABLE_MS_MAX`. */
  readonly unreachableMsMax?: number;
}

interface Unreachable {
  readonly status: "unreachable";
  readonly reason: string;
  /** Whether the leader may have heard it. */
  readonly committed: "no" | "unknown";
}

/** @throws ServiceError CONSENSUS_FAILED when a leader was there but did not decide in time, NETWORK_PARTITION */
export async function askLeader<A extends { readonly status: string }>(
  question: LeaderQuestion<A>,
): Promise<Exclude<A, Wait>> {
  const { peer } = question;
  const untilMs = Date.now() + DECIDE_MS_MAX;
  const patienceMs = question.unreachableMsMax ?? UNREACHABLE_MS_MAX;
  let committed: "no" | "unknown" = "no";
  let unreachableSinceMs = Number.POSITIVE_INFINITY;
  for (;;) {
    const answer = await once(question, untilMs);
    if (isUnreachable(answer)) {
      if (answer.committed === "unknown") committed = "unknown";
      unreachableSinceMs = Math.min(unreachableSinceMs, Date.now());
      if (Date.now() >= Math.min(untilMs, unreachableSinceMs + patienceMs))
        throw new ServiceError("NETWORK_PARTITION", answer.reason, { node_id: peer, committed });
    } else if (isWait(answer)) {
      unreachableSinceMs = Number.POSITIVE_INFINITY;
      if (Date.now() >= untilMs) throw new ServiceError("CONSENSUS_FAILED", answer.reason, { node_id: peer });
    } else return answer as Exclude<A, Wait>;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function once<A>(question: LeaderQuestion<A>, untilMs: number): Promise<A | Wait | Unreachable> {
  const { self, raft, here, there } = question;
  const { role, leader } = raft.status();
  if (role === "leader") return here();
  if (leader === null || leader === self)
    return { status: "unreachable", reason: "no leader can be reached", committed: "no" };
  try {
    return await there(leader, Math.max(1, untilMs - Date.now()));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { status: "unreachable", reason, committed: "unknown" };
  }
}

function isWait(answer: { readonly status: string }): answer is Wait {
  return answer.status === "wait";
}

function isUnreachable(answer: { readonly status: string }): answer is Unreachable {
  return answer.status === "unreachable";
}
