/** Messages on their way, as bytes. Who can reach whom is a set of groups; anything in the list may go next. */
import { decodeMessage, encodeMessage, type Message } from "../../raft/messages.js";

/** A real transport would not queue without end either. */
const MAX_PENDING = 4000;

export class SimNetwork {
  private readonly pending: { from: string; to: string; bytes: Uint8Array }[] = [];
  private readonly groups = new Map<string, number>();
  /** Messages for which this says true are lost on sending. */
  drop: ((message: Message) => boolean) | null = null;

  constructor(private readonly delivered: (message: Message) => void) {}

  get size(): number {
    return this.pending.length;
  }

  send(message: Message): void {
    if (this.drop?.(message)) return;
    this.pending.push({ from: message.from, to: message.to, bytes: encodeMessage(message) });
    if (this.pending.length > MAX_PENDING) this.pending.shift();
  }

  /** Delivers the message at `position`, unless the two are cut off from each other. */
  deliver(position: number, keep = false): void {
    const [item] = keep ? this.pending.slice(position, position + 1) : this.pending.splice(position, 1);
    if (item !== undefined && this.connected(item.from, item.to)) this.delivered(decodeMessage(item.bytes));
  }

  lose(position: number): void {
    this.pending.splice(position, 1);
  }

  connected(a: string, b: string): boolean {
    return (this.groups.get(a) ?? 0) === (this.groups.get(b) ?? 0);
  }

  /** Nodes of different groups do not hear each other; whoever is not named is in group 0. */
  partition(groups: readonly (readonly string[])[]): void {
    this.groups.clear();
    for (const [number, members] of groups.entries()) {
      for (const member of members) this.groups.set(member, number);
    }
  }

  heal(): void {
    this.groups.clear();
  }
}
