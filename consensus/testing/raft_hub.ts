/** Real Raft nodes in one process: a hub in place of a network, an applier that is a list. */
import { setTimeout as sleep } from "node:timers/promises";
import { RaftNode } from "../node/raft_node.js";
import type { RaftApplier, RaftLogger, RaftNodeInit } from "../node/types.js";
import { MemoryRaftStorage } from "../storage/memory.js";
import type { RaftStorage } from "../storage/types.js";

export const SILENT: RaftLogger = { debug() {}, info() {}, warn() {}, error() {} };
/** Fast, yet calm enough for a machine with other things to do. */
export const TEST_OPTIONS = { tickMs: 15, electionTicks: 12 };

/** Waits for a condition rather than for a time; the limit only ends a test that would never end. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    if (condition()) return;
    await sleep(5);
  }
  throw new Error(`never happened: ${what}`);
}

/** Keeps the texts it was given. */
export class ListApplier implements RaftApplier {
  items: string[] = [];
  configurations: string[] = [];
  /** What `apply` waits for. */
  gate: Promise<void> | null = null;
  failAt: string | null = null;

  apply(entry: { index: number; term: number; data: Uint8Array }): unknown {
    const text = Buffer.from(entry.data).toString();
    if (text === this.failAt) throw new Error(`cannot apply ${text}`);
    this.items.push(text);
    const result = `${text} applied at ${entry.index}`;
    return this.gate === null ? result : this.gate.then(() => result);
  }

  configChanged(configuration: { voters: readonly string[]; learners: readonly string[] }): void {
    this.configurations.push(`${configuration.voters} | ${configuration.learners}`);
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify(this.items));
  }

  restore(snapshot: Uint8Array): void {
    this.items = snapshot.length === 0 ? [] : JSON.parse(Buffer.from(snapshot).toString());
  }
}

export interface Member {
  readonly node: RaftNode;
  readonly applier: ListApplier;
  readonly storage: RaftStorage;
}

export class Hub {
  readonly members = new Map<string, Member>();
  /** Nobody hears these, and they hear nobody. */
  readonly cut = new Set<string>();
  sent = 0;

  /** Opens and starts a node on storage that may hold something already. */
  async add(
    id: string,
    storage: RaftStorage = new MemoryRaftStorage(),
    options: RaftNodeInit["options"] = {},
  ): Promise<Member> {
    const applier = new ListApplier();
    const node = await RaftNode.open({
      id,
      storage,
      applier,
      logger: SILENT,
      options: { ...TEST_OPTIONS, ...options },
      transport: { send: (to, message) => this.carry(id, to, message) },
      readIndexOf: async (leader, timeoutMs) => {
        if (this.cut.has(id) || this.cut.has(leader)) throw new Error(`${leader} cannot be reached`);
        return (await this.get(leader).node.propose(new Uint8Array(), timeoutMs)).index;
      },
    });
    const member = { node, applier, storage };
    // A newcomer that has been admitted: it listens to whoever leads.
    if (node.status().lastIndex === 0) for (const peer of this.members.keys()) node.introduce(peer);
    this.members.set(id, member);
    node.start();
    return member;
  }

  async found(ids: readonly string[], options: RaftNodeInit["options"] = {}): Promise<void> {
    for (const id of ids) {
      const storage = new MemoryRaftStorage();
      await storage.bootstrap({ voters: ids, learners: [] });
      await this.add(id, storage, options);
    }
  }

  get(id: string): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new RangeError(`no member ${id}`);
    return member;
  }

  /** The one member that leads, once all that are not cut off agree on it. */
  async leader(): Promise<Member> {
    const reachable = () => [...this.members].filter(([id]) => !this.cut.has(id)).map(([, m]) => m);
    await eventually("one leader", () => {
      const leaders = new Set(reachable().map((m) => m.node.status().leader));
      const id = [...leaders][0] ?? "";
      return leaders.size === 1 && this.members.has(id) && !this.cut.has(id);
    });
    return this.get(reachable()[0]?.node.status().leader ?? "");
  }

  /** Lets the best node win again when the machine was too busy for its heartbeats. */
  async propose(text: string): Promise<void> {
    for (let i = 0; i < 20; i++) {
      const { node } = await this.leader();
      const done = await node.propose(Buffer.from(text)).then(
        () => true,
        () => false,
      );
      if (done) return;
    }
    throw new Error(`could not propose ${text}`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.members.values()].map((m) => m.node.stop()));
    this.members.clear();
  }

  private carry(from: string, to: string, message: Uint8Array): void {
    this.sent++;
    if (this.cut.has(from) || this.cut.has(to)) return;
    this.members.get(to)?.node.receive(from, message);
  }
}
