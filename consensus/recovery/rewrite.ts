/**
 * A log that goes on with one voter. What the old one comes to, its uncommitted end included, becomes a snapshot one
 * index behind its last entry and in a new term, as if the recovery were the entry there: no entry of the old swarm has
 * both this index and this term, so the two logs can never be taken for one (Raft's log matching, §5.3).
 *
 * Keeping the uncommitted end is what etcd's and Consul's forced recoveries do: any of it may have been committed by the
 * voters that are lost, and dropping it would lose what somebody was told is safe. Its versions carry the certificate of
 * a majority of the committee, so none of them becomes valid by being kept.
 */
import { configurationOf } from "../raft/configuration.js";
import type { StoredState } from "../raft/types.js";
import type { RaftWrite } from "../storage/types.js";
import type { LogPosition } from "./replay.js";

/** Where the recovered log begins. */
export interface NewBeginning {
  readonly index: number;
  readonly term: number;
}

export function newBeginning(stored: StoredState, end: LogPosition): NewBeginning {
  return { index: end.index + 1, term: Math.max(stored.hardState.term, end.term) + 1 };
}

/**
 * @param data the applier's snapshot as of that beginning
 * @returns one write that replaces the whole log; nobody has this node's vote in the new term
 */
export function recoveryWrite({ index, term }: NewBeginning, survivor: string, data: Uint8Array): RaftWrite {
  return {
    hardState: { term, votedFor: null, commit: index },
    snapshot: { index, term, configuration: configurationOf([survivor]), data },
    entries: [],
    mustSync: true,
  };
}
