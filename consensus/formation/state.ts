/** What one founder knows. The rules that use it stand in the files beside. */
import type { Genesis } from "./genesis.js";
import { EMPTY_RECORD, type FormationRecord, type FormationRequest } from "./messages.js";
import type { FormationCoreInit, FormationEffect, FormationPeer } from "./types.js";

const ASK_EVERY_MS = 500;

export class FormationState {
  record: FormationRecord;
  /** The swarm this node belongs to by now, wherever it has the genesis from. */
  member: Genesis | null = null;
  decided = false;

  startedMs: number | null = null;
  /** When the last tick was, and whom it saw. */
  nowMs = 0;
  sight: readonly FormationPeer[] = [];

  /** The candidates seen last, and since when they are the same. */
  candidates = "";
  settledSinceMs = 0;
  /** Coordinator: no further attempt before. */
  notBeforeMs = 0;
  /** Since when this node has had promises to refuse because a smaller candidate should ask. */
  deferringSinceMs: number | null = null;

  /** Coordinator: who has promised the founding under way, and since when it has asked. */
  readonly promised = new Set<string>();
  preparingSinceMs: number | null = null;
  /** Coordinator: who has heard that the swarm is founded. */
  readonly told = new Set<string>();

  /** Who will take no part in the founding that this node has promised. */
  readonly renouncers = new Set<string>();
  doubtNotedAtMs = 0;
  /** When requests were sent last. */
  askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(readonly init: FormationCoreInit) {
    this.record = init.record ?? EMPTY_RECORD;
  }

  get self(): string {
    return this.init.self;
  }

  /** How many nodes are to found the swarm; 0: this one only joins. */
  get expect(): number {
    const { mode } = this.init;
    return mode.kind === "expect" ? mode.count : 1;
  }

  /** Told to found a swarm alone. */
  get forms(): boolean {
    return this.init.mode.kind === "form";
  }

  /** The other founders. */
  othersOf(genesis: Genesis): string[] {
    return genesis.voters.filter((v) => v !== this.self);
  }

  persist(change: Partial<FormationRecord>): FormationEffect {
    this.record = { ...this.record, ...change };
    return { kind: "persist", record: this.record };
  }

  /** Not more often than it is worth. */
  askAll(peers: readonly string[], request: FormationRequest, nowMs: number): FormationEffect[] {
    if (peers.length === 0 || nowMs - this.askedAtMs < ASK_EVERY_MS) return [];
    this.askedAtMs = nowMs;
    return peers.map((to) => ({ kind: "ask", to, request }));
  }

  /** What is known of the promise that this node is free of now. */
  forget(): void {
    this.promised.clear();
    this.renouncers.clear();
    this.preparingSinceMs = null;
    this.doubtNotedAtMs = 0;
  }
}
