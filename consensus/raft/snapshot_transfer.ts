/**
 * Sending a snapshot: in parts, each verified by the follower, a few on their way at a time. The follower says how much
 * it holds, so a transfer goes on after lost messages, a broken link or another leader with the same snapshot.
 */
import { hashOf } from "../encoding.js";
import type { MessageOf } from "./messages.js";
import type { Progress, SnapshotTransfer } from "./progress.js";
import { headOf } from "./snapshot_parts.js";
import type { RaftState } from "./state.js";

/** The same answer so many times more means that a part was lost, rather than that parts came twice. */
const REPEATS_OF_A_LOSS = 3;

/** @returns whether something was sent */
export function offerSnapshot(s: RaftState, peer: string, progress: Progress): boolean {
  const { snapshot } = s.log;
  // To one that does not answer, a snapshot would be sent for nothing, again and again.
  if (snapshot === null || progress.silentTicks >= s.options.electionTicks) return false;
  const transfer = progress.becomeSnapshot(snapshot.index);
  // One part first: the follower may hold some of it already, and says so.
  return sendPart(s, peer, transfer);
}

export function handleSnapshotReply(s: RaftState, m: MessageOf<"snapshotReply">): void {
  const progress = s.progress.get(m.from);
  if (progress === undefined) return;
  progress.silentTicks = 0;
  const { transfer } = progress;
  const { snapshot } = s.log;
  if (transfer === null || snapshot === null || m.index !== transfer.index) return;
  if (snapshot.index !== transfer.index || headOf(snapshot).digest !== m.digest) return;
  if (m.offset > snapshot.data.length) return;
  heard(transfer, m.offset);
  sendParts(s, m.from, transfer);
}

/** The follower holds the data up to `offset`. */
function heard(transfer: SnapshotTransfer, offset: number): void {
  transfer.repeats = transfer.answered && offset === transfer.acknowledged ? transfer.repeats + 1 : 0;
  // Its first answer says where to begin. Less than before: it was restarted, or the whole was damaged.
  const rewind =
    !transfer.answered || offset < transfer.acknowledged || transfer.repeats >= REPEATS_OF_A_LOSS;
  if (transfer.repeats === 0) transfer.silentTicks = 0;
  if (rewind) transfer.repeats = 0;
  transfer.answered = true;
  transfer.acknowledged = offset;
  transfer.next = rewind ? offset : Math.max(transfer.next, offset);
}

/**
 * Called when the follower has answered a heartbeat. A transfer that got nowhere is taken up from what was acknowledged,
 * or from the beginning when there is a newer snapshot by now.
 */
export function resumeTransfer(s: RaftState, peer: string, progress: Progress): void {
  const { transfer } = progress;
  if (transfer === null || transfer.silentTicks < s.options.snapshotRetryTicks) return;
  const { snapshot } = s.log;
  if (snapshot === null || snapshot.index !== transfer.index) {
    progress.becomeProbe();
    return;
  }
  transfer.silentTicks = 0;
  transfer.next = transfer.acknowledged;
  transfer.answered = false;
  sendPart(s, peer, transfer);
}

function sendParts(s: RaftState, peer: string, transfer: SnapshotTransfer): void {
  const { snapshotChunkBytes, maxInflightChunks } = s.options;
  while (transfer.next - transfer.acknowledged < snapshotChunkBytes * maxInflightChunks) {
    if (!sendPart(s, peer, transfer)) return;
  }
}

function sendPart(s: RaftState, peer: string, transfer: SnapshotTransfer): boolean {
  const { snapshot } = s.log;
  if (snapshot === null || snapshot.index !== transfer.index) return false;
  const { next: offset } = transfer;
  const { length } = snapshot.data;
  // The genesis has no data: its one part is empty.
  if (offset >= length && length > 0) return false;
  const data = snapshot.data.subarray(offset, offset + s.options.snapshotChunkBytes);
  s.send({
    type: "snapshot",
    from: s.id,
    to: peer,
    term: s.term,
    snapshot: headOf(snapshot),
    offset,
    data,
    dataDigest: hashOf(data),
  });
  transfer.next = offset + data.length;
  return data.length > 0;
}
