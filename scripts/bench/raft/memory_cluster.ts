/**
 * Raft cores of this house in one process, their messages handed over as objects, their disks in memory: what the core
 * itself costs. `raft_etcd/main.go` does the same, step for step, with etcd's.
 */
import { RaftCore } from "../../../consensus/raft/core.js";
import type { Message } from "../../../consensus/raft/messages.js";
import { raftOptions } from "../../../consensus/raft/options.js";
import type { Ready } from "../../../consensus/raft/ready.js";
import type { RaftOptions } from "../../../consensus/raft/types.js";
import { type Founders, genesisWrite } from "../../../consensus/storage/genesis.js";
import { MemoryDisk } from "../../../consensus/storage/memory.js";

/** As etcd's MemoryStorage: entries appended to an array, nothing copied. */
class Member {
  readonly core: RaftCore;
  stored = 0;
  applied = 0;

  constructor(
    readonly id: string,
    founders: Founders,
    options: RaftOptions,
  ) {
    const disk = new MemoryDisk();
    disk.save(genesisWrite(disk.read(), founders));
    this.core = new RaftCore({ id, options, random: () => 0.5, stored: disk.read() });
    this.core.applied(1);
  }

  /** @returns whether there was something to do */
  work(send: (message: Message) => void): boolean {
    const { core } = this;
    if (!core.hasReady()) return false;
    const ready: Ready = core.ready();
    for (const message of ready.messages) send(message);
    this.stored += ready.entries.length;
    core.stored(ready);
    for (const message of ready.messagesAfterWrite) send(message);
    if (ready.snapshot !== null) core.applied(ready.snapshot.index);
    const last = ready.committedEntries.at(-1);
    if (last !== undefined) {
      this.applied += ready.committedEntries.length;
      core.applied(last.index);
    }
    return true;
  }
}

export class MemoryCluster {
  readonly members = new Map<string, Member>();
  readonly leader: Member;
  messages = 0;
  private queue: Message[] = [];
  private readonly send = (message: Message): void => {
    this.queue.push(message);
  };

  constructor(
    voters: number,
    learners = 0,
    options: RaftOptions = raftOptions({ maxApplyBytes: 64 * 1024 * 1024 }),
  ) {
    const named = (letter: string, length: number) => Array.from({ length }, (_, i) => `${letter}${i}`);
    const founders = { voters: named("n", voters), learners: named("l", learners) };
    for (const id of [...founders.voters, ...founders.learners])
      this.members.set(id, new Member(id, founders, options));
    this.leader = this.members.get("n0") as Member;
    this.leader.core.campaign();
    this.settle();
    if (this.leader.core.role !== "leader") throw new Error("n0 was not elected");
  }

  tick(times: number): void {
    for (let i = 0; i < times; i++) {
      for (const { core } of this.members.values()) core.tick();
      this.settle();
    }
  }

  propose(data: Uint8Array, batch: number): void {
    for (let i = 0; i < batch; i++) this.leader.core.propose(data);
    this.settle();
  }

  settle(): void {
    // Only those who got a message, and at first anybody, can have something to do.
    for (const member of this.members.values()) while (member.work(this.send));
    while (this.queue.length > 0) {
      const { queue } = this;
      this.queue = [];
      this.messages += queue.length;
      for (const message of queue) this.members.get(message.to)?.core.step(message);
      for (const { to } of queue) {
        const member = this.members.get(to);
        while (member?.work(this.send));
      }
    }
  }

  /** Applied everywhere? */
  get isLevel(): boolean {
    const { lastIndex } = this.leader.core.log;
    return [...this.members.values()].every(({ core }) => core.log.appliedIndex === lastIndex);
  }

  /** As a driver does every `snapshotEveryEntries`: without it the log would grow, and with it the garbage collector's work. */
  compact(): void {
    for (const { core } of this.members.values()) {
      const { appliedIndex: index } = core.log;
      const term = core.log.term(index);
      if (term === undefined) continue;
      const snapshot = { index, term, configuration: core.configuration, data: new Uint8Array(0) };
      core.compact(snapshot, core.log.compactionPoint(index, 100, Number.MAX_SAFE_INTEGER));
    }
  }
}
