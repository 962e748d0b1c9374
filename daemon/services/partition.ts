/**
 * What needs the swarm's decision, at a node that may be cut off from it: 1005 NETWORK_PARTITION says so, and what the
 * node can still do by itself. Reads never come here.
 */
import { setTimeout } from "node:timers/promises";
import { majorityOf } from "../../consensus/votes/index.js";
import { ServiceError } from "./errors.js";
import type { SwarmSnapshot, SwarmSource } from "./source.js";

/** A leader may just be being elected: what needs one waits for it this long. Above two election timeouts of the default. */
export const LEADER_WAIT_MS = 5000;
const LEADER_POLL_MS = 50;

/** What holds without any other node; in `details.can` of every 1005. */
const STILL_CAN = [
  "answer status, nodes, history, models, topology and metrics, as of details.commit_index",
  "serve downloads of the versions that it holds, with their signed history",
  "finish training in the round that was open; the update counts if it reaches a leader before that round closes",
] as const;

/** Whoever follows from outside has no say, and knows no leader to ask. */
const FOLLOWS =
  "this node follows the swarm from outside, since all places for learners are taken: ask one of its members (GET /api/v1/consensus/status names them), or raise consensus.committee_max_learners on those";

/**
 * Runs what the swarm has to decide, once a leader is known.
 * @throws ServiceError NOT_READY before the node belongs to a swarm, or while it follows from outside; NETWORK_PARTITION with `details` `voters`, `needed`,
 * `heard`, `commit_index`, `height`, `committed` (`no`: nothing was sent, `unknown`: it may still be) and `can`; and
 * whatever `work` throws
 */
export async function decidedBySwarm<T>(
  source: Pick<SwarmSource, "snapshot">,
  work: (snapshot: SwarmSnapshot) => Promise<T>,
  leaderWaitMs = LEADER_WAIT_MS,
): Promise<T> {
  return saysWhenCutOff(source, async () => work(await withLeader(source, leaderWaitMs)));
}

/** For what waits for a leader by itself. @throws ServiceError as `decidedBySwarm` */
export async function saysWhenCutOff<T>(
  source: Pick<SwarmSource, "snapshot">,
  work: () => Promise<T>,
): Promise<T> {
  if (source.snapshot().follows) throw new ServiceError("NOT_READY", FOLLOWS);
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServiceError && error.name === "NETWORK_PARTITION")
      throw partition(source.snapshot(), error);
    throw error;
  }
}

/** Says so at once where a command could only run into a timeout. A missing leader may be back in a moment. */
async function withLeader(
  source: Pick<SwarmSource, "snapshot">,
  leaderWaitMs: number,
): Promise<SwarmSnapshot> {
  const untilMs = Date.now() + leaderWaitMs;
  for (;;) {
    const snapshot = source.snapshot();
    if (snapshot.control === null || snapshot.raft === null)
      throw new ServiceError("NOT_READY", "this node belongs to no swarm yet; GET /health/ready says more");
    if (snapshot.raft.leader !== null) return snapshot;
    if (Date.now() >= untilMs) throw new ServiceError("NETWORK_PARTITION", "no leader can be reached");
    await setTimeout(LEADER_POLL_MS);
  }
}

function partition(snapshot: SwarmSnapshot, cause: ServiceError): ServiceError {
  const { control, raft, self, presence } = snapshot;
  const voters = control?.voters ?? [];
  const alive = new Set(presence.filter((p) => p.alive).map((p) => p.peer)).add(self.peer);
  const heard = voters.filter((peer) => alive.has(peer)).length;
  const needed = voters.length === 0 ? 0 : majorityOf(voters.length);
  const committed = cause.details.committed ?? "no";
  const outcome =
    committed === "no"
      ? "Nothing was changed."
      : "Whether it was decided is not known: ask for the status before trying again.";
  const message =
    `${cause.message}: this node hears ${heard} of ${voters.length} voters, ` +
    `and ${needed} that hear each other are needed to decide anything. ${outcome} ` +
    "This node can still answer what is read, serve downloads and finish training in the open round (details.can). " +
    "Ask a node on the other side, or try again when GET /health/ready says that there is a leader.";
  return new ServiceError(
    "NETWORK_PARTITION",
    message,
    {
      ...cause.details,
      committed,
      voters: voters.length,
      needed,
      heard,
      commit_index: raft?.commitIndex ?? null,
      height: control?.session?.version ? control.session.height : null,
      can: STILL_CAN,
    },
    { cause },
  );
}
