/** Messages on their way, as bytes. Who can reach whom is a set of groups and of cuts one way; anything may go next. */
import { decodeMessage, encodeMessage, type Message } from "../../raft/messages.js";

/** A real transport would not queue without end either. */
const MAX_PENDING = 4000;
/** Messages that are held back at once. */
const MAX_HELD = 200;
/** On a slow link each message waits for so many more: as many heartbeats, hence most of an election timeout. */
const SLOW_LINK_MESSAGES = 6;

export interface InTransit {
  readonly from: string;
  readonly to: string;
  readonly type: Message["type"];
  readonly bytes: Uint8Array;
  /** Was held back already. */
  late?: boolean;
}

export class SimNetwork {
  private readonly pending: InTransit[] = [];
  private readonly held: InTransit[] = [];
  private readonly groups = new Map<string, number>();
  /** `from>to` for each direction that is cut by itself. */
  private readonly cuts = new Set<string>();
  /** `from>to` for each direction on which everything is held back. */
  private readonly slow = new Set<string>();
  /** Messages for which this says true are lost on sending. */
  drop: ((message: Message) => boolean) | null = null;

  constructor(private readonly delivered: (message: Message) => void) {}

  get size(): number {
    return this.pending.length;
  }

  send(message: Message): void {
    if (this.drop?.(message)) return;
    const { from, to, type } = message;
    this.push({ from, to, type, bytes: encodeMessage(message) });
  }

  /**
   * Delivers the message at `position`, unless the two are cut off from each other.
   * @returns it, or undefined when nobody got anything
   */
  deliver(position: number, keep = false): InTransit | undefined {
    const [item] = keep ? this.pending.slice(position, position + 1) : this.pending.splice(position, 1);
    if (item === undefined || !this.connected(item.from, item.to)) return undefined;
    if (!keep && this.isSlow(item)) {
      this.held.push(item);
      this.releaseBehind(item);
      return undefined;
    }
    this.delivered(decodeMessage(item.bytes));
    return item;
  }

  lose(position: number): void {
    this.pending.splice(position, 1);
  }

  /** Keeps a message back for as long as it takes, however much overtakes it. */
  hold(position: number): void {
    if (this.held.length >= MAX_HELD) return;
    this.held.push(...this.pending.splice(position, 1));
  }

  get heldBack(): number {
    return this.held.length;
  }

  release(position: number): void {
    for (const item of this.held.splice(position, 1)) this.push({ ...item, late: true });
  }

  connected(from: string, to: string): boolean {
    if (this.cuts.size > 0 && this.cuts.has(`${from}>${to}`)) return false;
    return this.groups.size === 0 || (this.groups.get(from) ?? 0) === (this.groups.get(to) ?? 0);
  }

  /** Nodes of different groups do not hear each other; whoever is not named is in group 0. */
  partition(groups: readonly (readonly string[])[]): void {
    this.groups.clear();
    for (const [number, members] of groups.entries()) {
      for (const member of members) this.groups.set(member, number);
    }
  }

  /** `to` no longer hears `from`; the other way is as it was. */
  cut(from: string, to: string): void {
    this.cuts.add(`${from}>${to}`);
  }

  /** Everything from `from` to `to` comes late. */
  slowDown(from: string, to: string): void {
    this.slow.add(`${from}>${to}`);
  }

  hearsLate(to: string): boolean {
    for (const link of this.slow) if (link.endsWith(`>${to}`)) return true;
    return false;
  }

  heal(): void {
    this.groups.clear();
    this.cuts.clear();
    this.slow.clear();
  }

  private releaseBehind({ from, to }: InTransit): void {
    const ofLink = (item: InTransit): boolean => item.from === from && item.to === to;
    if (this.held.filter(ofLink).length > SLOW_LINK_MESSAGES) this.release(this.held.findIndex(ofLink));
  }

  private isSlow({ from, to, late }: InTransit): boolean {
    return (
      this.slow.size > 0 && late !== true && this.held.length < MAX_HELD && this.slow.has(`${from}>${to}`)
    );
  }

  private push(item: InTransit): void {
    this.pending.push(item);
    if (this.pending.length > MAX_PENDING) this.pending.shift();
  }
}
