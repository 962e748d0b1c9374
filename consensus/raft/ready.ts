/** The core's output. Input is `tick`, `step`, `propose`…; nothing leaves the core except through here. */
import type { Message } from "./messages.js";
import type { Entry, HardState, ReadState, Snapshot, SoftState } from "./types.js";

/**
 * What the driver must do with one Ready. Writing is asynchronous: further Readys may be taken while a write is under
 * way (up to `maxUnstoredReadys`), so a leader sends entries while its own disk still works on them (§10.2.1 of the
 * thesis). The rules, which hold across Readys:
 *
 * 1. `messages` may be sent at once, in order, without waiting for any write.
 * 2. Writes (`hardState`, `entries`, `snapshot`) are done in the order of the Readys, each of them atomically.
 * 3. When the writes of this Ready and of all before it are stored (synced, if `mustSync`): send `messagesAfterWrite`,
 *    and call `stored(ready)`. A Ready that writes nothing still takes its turn here.
 * 4. `snapshot` goes to the applier after it is stored; `committedEntries` at once, for they are stored already. Both in
 *    the order handed out; call `applied(index)` as it gets on. The applier need not keep up with the writes.
 *
 * A crash at any point loses nothing that was promised, whichever of the outstanding writes reached the disk, provided
 * that they reached it in order.
 */
export interface Ready {
  /** Counts up by one; `stored` must be called in this order. */
  readonly number: number;
  /** New term, vote or commit index; null when unchanged. `messagesAfterWrite` speak for term and vote. */
  readonly hardState: HardState | null;
  /**
   * To be appended to the stored log. The first one's index may lie within the stored log, or among entries that an
   * earlier Ready still writes: everything from there on is replaced. `messagesAfterWrite` acknowledge these entries.
   */
  readonly entries: readonly Entry[];
  /** Replaces the stored snapshot and the whole stored log, before `entries`; once stored, restore the applier from it. */
  readonly snapshot: Snapshot | null;
  /** To be applied in order, after every snapshot given out before. Entries of earlier Readys, stored by now. */
  readonly committedEntries: readonly Entry[];
  /** To be sent at once: they promise nothing that a crash could take back. May be lost, doubled or overtaken. */
  readonly messages: readonly Message[];
  /** To be sent after this and all earlier writes: acknowledgements and votes. May be lost, doubled or overtaken. */
  readonly messagesAfterWrite: readonly Message[];
  /** Answers to this node's reads: serve them from a state that has applied `index`. Nothing to wait for. */
  readonly readStates: readonly ReadState[];
  /** The write must have reached the disk (fsync) before it counts as stored; false for a mere commit index. */
  readonly mustSync: boolean;
  /** Who leads and what this node is, when that changed; never stored, and to be told only after this write. */
  readonly softState: SoftState | null;
}
