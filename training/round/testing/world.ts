/**
 * A seeded world of round cores: messages are delayed, lost and reordered, nodes die and return, and a central log
 * stands in for Raft. Used by the round's tests; nothing here runs in production.
 */
import { assignLanes } from "../../lanes/index.js";
import type { Cursor } from "../../types.js";
import { setKey } from "../check.js";
import { cursorAfter } from "../proposal.js";
import { RoundCore } from "../round.js";
import type {
  AnnouncedUpdate,
  RoundAggregation,
  RoundContext,
  RoundEffect,
  RoundProposal,
} from "../types.js";

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly innerSteps?: number;
  /** Batches of the whole session; without end when left out. */
  readonly totalBatches?: number;
  readonly timeoutMs?: number;
  /** Milliseconds per inner step of each node. */
  readonly stepMs?: readonly number[];
  readonly lossRatio?: number;
  /** Peers whose payload never decodes. */
  readonly poisoned?: readonly string[];
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export interface LoggedRound {
  readonly round: number;
  readonly kind: "commit" | "fail";
  readonly updates: readonly AnnouncedUpdate[];
  readonly reason: string | null;
  readonly refusals: readonly { peer: string; reason: string }[];
}

const LATENCY_MS_MAX = 40;
const PAYLOAD_BYTES = 10;
const hash = (text: string): `sha256:${string}` =>
  `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0").slice(-64)}`;

export class World {
  nowMs = 0;
  readonly names: readonly string[];
  readonly cores = new Map<string, RoundCore>();
  readonly log: LoggedRound[] = [];
  readonly down = new Set<string>();
  /** Batches counted in committed rounds: each must be there once. */
  readonly counted: number[] = [];
  cursor: Cursor = { next: 0, holes: [] };
  version = hash("v0");
  height = 0;
  leader: string;
  term = 1;
  private context: RoundContext | null = null;
  private timers: Timer[] = [];
  private order = 0;
  private state: number;
  private readonly training = new Map<string, { round: number; steps: number; finish: boolean }>();
  private nextBallot = 1;

  constructor(private readonly options: WorldOptions) {
    this.state = options.seed + 0x9e3779b9;
    this.names = Array.from({ length: options.nodes }, (_, i) => `n${i}`);
    this.leader = this.names[0] as string;
    for (const self of this.names) this.cores.set(self, new RoundCore(this.roleOf(self)));
  }

  random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  after(ms: number, run: () => void): void {
    this.timers.push({ atMs: this.nowMs + ms, order: this.order++, run });
  }

  /** Runs until `until` holds or the time is up; true when it holds. */
  run(until: () => boolean, maxMs: number): boolean {
    const endMs = this.nowMs + maxMs;
    while (!until() && this.nowMs < endMs) {
      this.timers.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.timers.shift();
      if (!next) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    return until();
  }

  start(): void {
    this.openRound(1);
    const tick = (): void => {
      for (const name of this.alive()) this.act(name, this.core(name).tick(this.nowMs));
      this.after(100, tick);
    };
    this.after(100, tick);
  }

  kill(name: string): void {
    this.down.add(name);
    this.training.delete(name);
    if (name === this.leader) this.after(300, () => this.elect());
    this.after(500, () => this.tellAble());
  }

  revive(name: string): void {
    this.down.delete(name);
    this.cores.set(name, new RoundCore(this.roleOf(name)));
    this.act(name, this.core(name).opened(this.context, this.nowMs));
    this.tellAble();
  }

  private elect(): void {
    this.leader = this.alive()[0] as string;
    this.term += 1;
    for (const name of this.alive())
      this.act(name, this.core(name).roleChanged(this.roleOf(name), this.nowMs));
  }

  private alive(): string[] {
    return this.names.filter((n) => !this.down.has(n));
  }

  private core(name: string): RoundCore {
    return this.cores.get(name) as RoundCore;
  }

  private roleOf(self: string) {
    return { self, leader: self === this.leader, voter: true, term: this.term };
  }

  private tellAble(): void {
    const able = new Set(this.alive());
    for (const name of this.alive()) this.act(name, this.core(name).ableChanged(able, this.nowMs));
  }

  private openRound(round: number): void {
    const innerSteps = this.options.innerSteps ?? 10;
    const participants = this.alive();
    const lanes = assignLanes(this.cursor, participants, innerSteps * 4, this.options.totalBatches ?? null);
    this.context = {
      session: "s",
      round,
      height: this.height + 1,
      base: this.version,
      cursor: this.cursor,
      participants,
      lanes,
      contribution: "pseudo_gradient",
      codec: "int8",
      targetSteps: innerSteps * participants.length,
      shareSteps: innerSteps,
      batchSize: 4,
      payloadBytes: PAYLOAD_BYTES,
      timeoutMs: this.options.timeoutMs ?? 5000,
    };
    for (const name of this.alive()) {
      const able = new Set(this.alive());
      this.act(name, this.core(name).ableChanged(able, this.nowMs));
      const context = this.context;
      this.after(this.random() * LATENCY_MS_MAX, () => {
        if (!this.down.has(name) && context === this.context)
          this.act(name, this.core(name).opened(context, this.nowMs));
      });
    }
  }

  private send(to: string, run: () => void, reliable = false): void {
    if (!reliable && this.random() < (this.options.lossRatio ?? 0)) return;
    this.after(this.random() * LATENCY_MS_MAX, () => {
      if (!this.down.has(to)) run();
    });
  }

  private act(name: string, effects: RoundEffect[]): void {
    for (const effect of effects) this.perform(name, effect);
  }

  private perform(name: string, effect: RoundEffect): void {
    switch (effect.kind) {
      case "train":
        this.training.set(name, { round: effect.context.round, steps: 0, finish: false });
        this.step(name, effect.context, effect.context.round);
        return;
      case "finish": {
        const job = this.training.get(name);
        if (job?.round === effect.round) job.finish = true;
        return;
      }
      case "abort":
        this.training.delete(name);
        return;
      case "announce":
        for (const to of this.alive().filter((n) => n !== name)) {
          this.send(to, () =>
            this.act(to, this.core(to).announced(effect.update, effect.first, this.nowMs).effects),
          );
        }
        return;
      case "fetch":
        this.after(this.random() * LATENCY_MS_MAX, () => {
          if (this.down.has(name)) return;
          const hash = effect.update.payload.hash;
          const here = !this.down.has(effect.update.peer);
          const core = this.core(name);
          this.act(name, here ? core.held(hash, this.nowMs) : core.unavailable(hash, this.nowMs));
        });
        return;
      case "aggregate": {
        const result = this.aggregate(effect.context, effect.updates);
        this.after(5, () => {
          if (!this.down.has(name))
            this.act(name, this.core(name).aggregated(effect.key, result, this.nowMs));
        });
        return;
      }
      case "propose":
        this.vote(name, effect.context, effect.proposal);
        return;
      case "verdict":
        this.hear(name, effect.id, "reason" in effect.verdict ? effect.verdict.reason : null);
        return;
      case "fail":
        this.append(name, effect.round, {
          kind: "fail",
          updates: [],
          reason: effect.reason,
          refusals: effect.refusals,
        });
        return;
    }
  }

  private step(name: string, context: RoundContext, round: number): void {
    const stepMs = this.options.stepMs?.[this.names.indexOf(name)] ?? 20;
    this.after(stepMs * (0.8 + 0.4 * this.random()), () => {
      const job = this.training.get(name);
      if (this.down.has(name) || job?.round !== round) return;
      job.steps += 1;
      const lane = (context.lanes.get(name) ?? []).reduce((n, [a, b]) => n + b - a, 0);
      if (job.finish || job.steps >= lane) {
        this.training.delete(name);
        const update = this.updateOf(name, context, job.steps);
        this.act(name, this.core(name).trained(update, this.nowMs));
        return;
      }
      for (const to of this.alive()) {
        const steps = job.steps;
        this.send(to, () => this.act(to, this.core(to).progress(name, "s", round, steps, this.nowMs)));
      }
      this.step(name, context, round);
    });
  }

  updateOf(peer: string, context: RoundContext, steps: number): AnnouncedUpdate {
    const payload = { hash: hash(`${peer}-${context.round}-${steps}`), bytes: 10, chunkRoot: hash("c") };
    const { session, round, base, codec, contribution } = context;
    const samples = steps * context.batchSize;
    const manifest = hash(`m-${peer}-${round}-${steps}`);
    return {
      peer,
      session,
      round,
      base: base ?? hash("none"),
      codec,
      contribution,
      steps,
      samples,
      lossNats: 1,
      payload,
      manifest,
    };
  }

  private aggregate(context: RoundContext, updates: readonly AnnouncedUpdate[]): RoundAggregation {
    const bad = updates.filter((u) => this.options.poisoned?.includes(u.peer));
    const good = updates.filter((u) => !bad.includes(u));
    const ref = {
      hash: hash(`${context.height}|${setKey(good).length}${setKey(good)}`),
      bytes: 1,
      chunkRoot: hash("c"),
    };
    const rejected = bad.map((u) => ({ peer: u.peer, reason: "holds NaN" }));
    return { ref, counted: good.map((u) => u.peer).sort(), rejected };
  }

  private vote(leader: string, context: RoundContext, proposal: RoundProposal): void {
    const term = this.term;
    const id = this.nextBallot++;
    const answers = new Map<string, boolean>([[leader, true]]);
    const refusals: { peer: string; reason: string }[] = [];
    let decided = false;
    const settle = (): void => {
      if (decided || this.down.has(leader) || this.term !== term) return;
      const yes = [...answers.values()].filter(Boolean).length;
      const needed = Math.floor(this.names.length / 2) + 1;
      if (yes >= needed) {
        decided = true;
        this.append(leader, context.round, {
          kind: "commit",
          updates: proposal.updates,
          reason: null,
          refusals: [],
        });
      } else if (this.names.length - (answers.size - yes) < needed) {
        decided = true;
        this.act(leader, this.core(leader).refused("refused by the voters", refusals, this.nowMs));
      }
    };
    settle();
    for (const to of this.alive().filter((n) => n !== leader)) {
      this.after(this.random() * LATENCY_MS_MAX, () => {
        if (this.down.has(to)) return;
        this.collect(to, id, proposal, (refusal) => {
          answers.set(to, refusal === null);
          if (refusal !== null) refusals.push({ peer: to, reason: refusal });
          settle();
        });
      });
    }
    this.after(2000, () => {
      for (const name of this.names) if (!answers.has(name)) answers.set(name, false);
      settle();
    });
  }

  private readonly listeners = new Map<string, (refusal: string | null) => void>();

  private collect(
    to: string,
    id: number,
    proposal: RoundProposal,
    answer: (refusal: string | null) => void,
  ): void {
    this.listeners.set(`${to}:${id}`, answer);
    this.act(to, this.core(to).proposed(id, proposal, this.nowMs));
  }

  private hear(name: string, id: number, refusal: string | null): void {
    this.listeners.get(`${name}:${id}`)?.(refusal);
    this.listeners.delete(`${name}:${id}`);
  }

  private append(by: string, round: number, entry: Omit<LoggedRound, "round">): void {
    if (by !== this.leader || this.context?.round !== round) return;
    const context = this.context;
    this.log.push({ round, ...entry });
    if (entry.kind === "commit") {
      for (const u of entry.updates) this.count(context, u);
      this.cursor = cursorAfter(context, entry.updates);
      this.height += 1;
      this.version = hash(`v${this.height}`);
    }
    this.openRound(round + 1);
  }

  private count(context: RoundContext, update: AnnouncedUpdate): void {
    let left = update.steps;
    for (const [from, to] of context.lanes.get(update.peer) ?? []) {
      for (let b = from; b < to && left > 0; b++, left--) this.counted.push(b);
    }
  }
}
