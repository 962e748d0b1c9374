/** Runs the commands of an interaction scenario on our cores. One environment for each file. */
import { ConsensusError } from "../../../consensus/errors.js";
import type { Message } from "../../../consensus/raft/messages.js";
import type { Transition } from "../../../consensus/raft/types.js";
import { parseChanges } from "../confchange_cases.js";
import { type Argument, type Case, valuesOf } from "../datadriven.js";
import { Mail } from "./mail.js";
import { ELECTION_TICKS, ELECTION_TIMEOUT_TICKS, ScenarioNode } from "./node.js";
import { nodeInitOf } from "./node_arguments.js";
import { messageInWords } from "./render.js";
import type { TraceEvent } from "./trace.js";

/** The scenario asks for what our core does not have; it cannot go on from there. */
export class NoCounterpart extends Error {}

/** A scenario that is not stable after so many rounds never will be. */
const MAX_ROUNDS = 1000;
const TRANSITIONS: Record<string, Transition> = { auto: "auto", implicit: "implicit", explicit: "explicit" };

export class Environment {
  private readonly nodes: ScenarioNode[] = [];
  private readonly mail = new Mail();
  private events: TraceEvent[] = [];
  /** As of the last `configuration` event of each node. */
  private readonly told = new Map<string, string>();

  /** @throws NoCounterpart; RangeError for what cannot be understood */
  run(one: Case): TraceEvent[] {
    this.events = [];
    this.command(one);
    this.tellConfigurations();
    return this.events;
  }

  /** A proposal waits that etcd took at once. */
  get isLate(): boolean {
    return this.nodes.some((node) => node.isLate);
  }

  private command(one: Case): void {
    const act = this.commands[one.command];
    if (act === undefined) throw new RangeError(`unknown command ${one.command}`);
    act(one.args, one.input);
  }

  private readonly commands: Record<string, (args: readonly Argument[], input: string) => void> = {
    "add-nodes": (args) => this.addNodes(args),
    campaign: (args) => this.first(args).core.campaign(),
    propose: (args) => {
      const data = Buffer.from(args[1]?.key ?? "");
      this.propose(this.first(args), (node) => node.core.propose(data));
    },
    "propose-conf-change": (args, input) => this.proposeChange(args, input),
    "process-ready": (args) => this.several(args, (node) => this.processReady(node)),
    "process-append-thread": (args) => this.several(args, (node) => this.finishWrite(node)),
    "process-apply-thread": (args) => this.several(args, (node) => this.finishApply(node)),
    "deliver-msgs": (args) => this.deliverMessages(args),
    stabilize: (args) => this.stabilize(args),
    "tick-election": (args) => this.tick(this.first(args), ELECTION_TICKS),
    "tick-heartbeat": (args) => this.tick(this.first(args), 1),
    "transfer-leadership": (args) => this.transfer(args),
    compact: (args) => this.compact(args),
    "send-snapshot": (args) => this.sendSnapshot(args),
    "raft-log": (args) => this.tellLog(this.first(args)),
    "raft-state": () => this.tellRoles(),
    status: (args) => {
      for (const progress of this.first(args).progress()) this.events.push({ kind: "progress", progress });
    },
    "set-randomized-election-timeout": requireTimeout,
    "forget-leader": () => {
      throw new NoCounterpart("a follower cannot be told to forget its leader: only time makes it do so");
    },
    "report-unreachable": () => {
      throw new NoCounterpart("nobody reports a follower as unreachable: heartbeats find out");
    },
  };

  private node(id: string): ScenarioNode {
    const node = this.nodes[Number(id) - 1];
    if (node === undefined) throw new RangeError(`there is no node ${id}`);
    return node;
  }

  private first(args: readonly Argument[]): ScenarioNode {
    return this.node(args[0]?.key ?? "");
  }

  private several(args: readonly Argument[], act: (node: ScenarioNode) => void): void {
    for (const { key, values } of args) if (values.length === 0) act(this.node(key));
  }

  private addNodes(args: readonly Argument[]): void {
    for (let i = Number(args[0]?.key); i > 0; i--) {
      this.nodes.push(new ScenarioNode(nodeInitOf(String(this.nodes.length + 1), args)));
    }
  }

  /** A follower's proposal is made at the leader that it knows of. */
  private propose(at: ScenarioNode, act: (node: ScenarioNode) => void): void {
    const { role, leader } = at.core;
    const proposer = role === "follower" && leader !== null ? this.node(leader) : at;
    this.attempt(() => act(proposer));
  }

  private attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ConsensusError)) throw error;
      this.events.push({ kind: "refused" });
    }
  }

  private proposeChange(args: readonly Argument[], input: string): void {
    const transition = TRANSITIONS[valuesOf(args, "transition")[0] ?? "auto"];
    if (transition === undefined) throw new RangeError("unknown transition");
    const change = { transition, changes: parseChanges(input) };
    this.propose(this.first(args), (node) => node.proposeChange(change));
  }

  private readonly send = (message: Message): void => {
    this.mail.send(message);
  };

  private processReady(node: ScenarioNode): boolean {
    const ready = node.process(this.send);
    if (ready === null) return false;
    this.events.push(ready);
    this.tellConfigurations();
    return true;
  }

  private finishWrite(node: ScenarioNode): boolean {
    const done = node.finishWrite();
    if (done === null) return false;
    for (const message of done.messages) this.send(message);
    this.mail.tell(node.id, done.told);
    this.events.push({ kind: "threadDone", node: node.id, responses: done.messages.map(messageInWords) });
    return true;
  }

  private finishApply(node: ScenarioNode): boolean {
    const told = node.finishApply();
    if (told === null) return false;
    this.mail.tell(node.id, told);
    return true;
  }

  private deliverMessages(args: readonly Argument[]): void {
    const type = valuesOf(args, "type")[0] ?? null;
    for (const { key, values } of args) {
      if (values.length === 0) this.deliver(key, type);
      else if (key === "drop") {
        for (const id of values) {
          for (const { words } of this.mail.drop(id, type)) {
            this.events.push({ kind: "received", message: words, dropped: true });
          }
        }
      }
    }
  }

  /** @returns whether there was something */
  private deliver(to: string, type: string | null): boolean {
    const parcels = this.mail.take(to, type);
    for (const parcel of parcels) {
      if (parcel.message === null) parcel.told();
      else {
        this.events.push({ kind: "received", message: parcel.words, dropped: false });
        this.node(to).core.step(parcel.message);
      }
    }
    return parcels.length > 0;
  }

  /** The order of the rounds is etcd's: Readys, messages, writes, applying; each for all nodes. */
  private stabilize(args: readonly Argument[]): void {
    const named = args.filter(({ values }) => values.length === 0).map(({ key }) => this.node(key));
    const nodes = named.length > 0 ? named : this.nodes;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      let busy = false;
      for (const node of nodes) busy = this.processReady(node) || busy;
      for (const node of nodes) busy = this.deliver(node.id, null) || busy;
      for (const node of nodes) while (this.finishWrite(node)) busy = true;
      for (const node of nodes) while (this.finishApply(node)) busy = true;
      if (!busy) return;
    }
    throw new RangeError(`not stable after ${MAX_ROUNDS} rounds`);
  }

  private tick(node: ScenarioNode, times: number): void {
    for (let i = 0; i < times; i++) node.core.tick();
  }

  private transfer(args: readonly Argument[]): void {
    const [from = "", to = ""] = [valuesOf(args, "from")[0], valuesOf(args, "to")[0]];
    this.attempt(() => this.node(from).core.transferLeadership(to));
  }

  private compact(args: readonly Argument[]): void {
    const node = this.first(args);
    node.compact(Number(args[1]?.key));
    this.tellLog(node);
  }

  private sendSnapshot(args: readonly Argument[]): void {
    const message = this.first(args).snapshotMessage(args[1]?.key ?? "");
    this.send(message);
    this.events.push({ kind: "made", message: messageInWords(message) });
  }

  private tellLog(node: ScenarioNode): void {
    const entries = node.log();
    if (entries.length > 0) this.events.push({ kind: "log", entries });
  }

  private tellRoles(): void {
    for (const node of this.nodes) {
      const { term } = node.core;
      this.events.push({ kind: "role", node: node.id, votes: node.votes(), term, soft: node.soft() });
    }
  }

  private tellConfigurations(): void {
    for (const node of this.nodes) {
      const text = node.configuration();
      if (this.told.get(node.id) === text) continue;
      this.told.set(node.id, text);
      this.events.push({ kind: "configuration", node: node.id, text });
    }
  }
}

/** Our nodes always wait as long as they may; that is what scenarios that care ask for. */
function requireTimeout(args: readonly Argument[]): void {
  const ticks = Number(valuesOf(args, "timeout")[0]);
  if (ticks === ELECTION_TIMEOUT_TICKS) return;
  throw new NoCounterpart(`an election timeout of ${ticks} ticks cannot be set from outside, it is drawn`);
}
