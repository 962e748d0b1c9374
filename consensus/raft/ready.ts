/** The core's output. Input is `tick`, `step`, `propose`…; nothing leaves the core except through here. */
import type { Message } from "./messages.js";
import type { Entry, HardState, Snapshot, SoftState } from "./types.js";

/**
 * What the driver must do, in this order: (1) persist `hardState`, `entries` and `snapshot` in one atomic write, and
 * wait for it; (2) send `messages`; (3) call `advance(ready)`; (4) hand `snapshot`, then `committedEntries`, to the
 * applier, and call `applied(index)` as it gets on. (4) may go on while later Readys are processed, but its work is
 * done in the order it was handed out. Until `advance`, the core takes input but gives out no further Ready.
 */
export interface Ready {
  /** New term, vote or commit index; null when unchanged. Persist before `messages` go out: they speak for it. */
  readonly hardState: HardState | null;
  /**
   * To be appended to the stored log. The first one's index may lie within the stored log: everything stored from
   * there on is replaced. Persist before `messages` go out: they acknowledge these entries.
   */
  readonly entries: readonly Entry[];
  /** Replaces the stored snapshot and the whole stored log, before `entries`; then restore the applier from it. */
  readonly snapshot: Snapshot | null;
  /** To be applied in order, after `snapshot`. Entries may be among `entries`, hence only once those are stored. */
  readonly committedEntries: readonly Entry[];
  /** To be sent after the write; any of them may be lost, doubled or overtaken. */
  readonly messages: readonly Message[];
  /** The write must have reached the disk (fsync) before anything else is done; false for a mere commit index. */
  readonly mustSync: boolean;
  /** Who leads and what this node is, when that changed; never stored. */
  readonly softState: SoftState | null;
}
