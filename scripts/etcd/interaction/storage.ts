/** What a scenario's node has written, and the state that it has applied: in memory, and without mercy for gaps. */
import type { Ready } from "../../../consensus/raft/ready.js";
import type { Configuration, Entry, Snapshot } from "../../../consensus/raft/types.js";

export class ScenarioStorage {
  private first: number;
  private kept: Entry[] = [];
  private newest: Snapshot | null;
  /** All that was applied, one after the other: the state machine just remembers. */
  private state: Uint8Array;

  constructor(snapshot: Snapshot | null) {
    this.newest = snapshot;
    this.first = (snapshot?.index ?? 0) + 1;
    this.state = snapshot?.data ?? new Uint8Array(0);
  }

  get entries(): readonly Entry[] {
    return this.kept;
  }

  get snapshot(): Snapshot | null {
    return this.newest;
  }

  /** @throws RangeError when the entries do not follow what is stored */
  write({ entries, snapshot }: Ready): void {
    if (snapshot !== null) {
      this.first = snapshot.index + 1;
      this.kept = [];
      this.newest = snapshot;
      this.state = snapshot.data;
    }
    const [begin] = entries;
    if (begin === undefined) return;
    const before = begin.index - this.first;
    if (before < 0 || before > this.kept.length) {
      throw new RangeError(`entry ${begin.index} does not follow ${this.first + this.kept.length - 1}`);
    }
    this.kept = [...this.kept.slice(0, before), ...entries];
  }

  /** @returns the snapshot after this entry */
  apply({ index, term, data, kind }: Entry, configuration: Configuration): Snapshot {
    if (kind !== "config") this.state = Buffer.concat([this.state, data]);
    this.newest = { index, term, configuration, data: this.state };
    return this.newest;
  }

  /** Entries up to `index` go. */
  compact(index: number): void {
    this.kept = this.kept.slice(index + 1 - this.first);
    this.first = index + 1;
  }
}
