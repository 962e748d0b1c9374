/**
 * The interaction scenarios whose outcome is another one here, and why. A scenario that differs otherwise, or no longer,
 * fails: then either the core or this table is wrong. Counted against go.etcd.io/raft/v3 v3.7.0.
 */
import type { Part } from "./compare.js";

export interface Known {
  /** How many commands differ in each part. */
  readonly differing: Readonly<Partial<Record<Part, number>>>;
  /** The scenario cannot be run to its end. */
  readonly ends: boolean;
  readonly why: string;
}

const LEAVING =
  "A leader whose own removal is proposed takes no more proposals (PROPOSAL_DROPPED, propose to the next leader), so the entries that the scenario adds are not there; and it neither stays for good nor steps down at once, but when a majority of the others knows of its removal, to whom it hands over with MsgTimeoutNow.";
const LAST_NEWS = "A leader tells a member that it has removed so, by one more heartbeat.";
const ends = (why: string): Known => ({ differing: {}, ends: true, why });

export const KNOWN: Readonly<Record<string, Known>> = {
  "async_storage_writes.txt": {
    differing: { entries: 7 },
    ends: false,
    why: "The applier is handed the next committed entries when it is done with the last, at etcd before that: the same entries in the same order, later.",
  },
  "checkquorum.txt": {
    differing: { messages: 1 },
    ends: false,
    why: "A leader steps down once no majority was heard for an election timeout, at etcd once that was so for one whole interval between two checks, hence up to a timeout later: it sends fewer heartbeats before.",
  },
  "confchange_disable_validation.txt": {
    differing: { state: 1, messages: 1, entries: 1 },
    ends: false,
    why: "The check that no change of members is under way cannot be switched off: the second change is refused.",
  },
  "confchange_v1_remove_leader.txt": {
    differing: { state: 6, messages: 7, entries: 5 },
    ends: false,
    why: LEAVING,
  },
  "confchange_v1_remove_leader_stepdown.txt": {
    differing: { state: 6, messages: 6, entries: 5 },
    ends: false,
    why: LEAVING,
  },
  "confchange_v2_add_double_auto.txt": { differing: { messages: 1 }, ends: false, why: LAST_NEWS },
  "confchange_v2_replace_leader.txt": { differing: { messages: 1 }, ends: false, why: LAST_NEWS },
  "confchange_v2_replace_leader_stepdown.txt": {
    differing: { state: 2, messages: 1, entries: 1 },
    ends: false,
    why: "A leader that has left the joint configuration steps down when a majority knows of it and hands over: node 2 is elected at once, where at etcd everybody waits for a timeout.",
  },
  "forget_leader.txt": ends("There is nothing that makes a follower forget its leader, other than time."),
  "forget_leader_prevote_checkquorum.txt": ends(
    "There is nothing that makes a follower forget its leader, other than time.",
  ),
  "forget_leader_read_only_lease_based.txt": ends(
    "There is nothing that makes a follower forget its leader, other than time.",
  ),
  "heartbeat_resp_recovers_from_probing.txt": ends(
    "Nobody reports a follower as unreachable: a leader finds lost appends out by the next rejection or heartbeat.",
  ),
  "replicate_pause.txt": {
    differing: { state: 1, messages: 2 },
    ends: false,
    why: "Appends are made when a Ready is taken, not when something is proposed, so they do not show in the status before; and the append that asks a paused follower where it is carries the next entry, at etcd none.",
  },
};
