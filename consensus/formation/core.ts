/**
 * How a swarm comes into being exactly once: a two-phase commit among the founders (Gray 1978), pure.
 *
 * Each founder promises at most one genesis at a time and keeps the promise on disk before it gives it; the coordinator
 * (smallest peer id) founds the swarm only when every founder has promised. A coordinator writes a founding down before
 * it asks anyone, so whatever it does not have on its disk it has given up: that is how it can release a founder in
 * doubt. While a coordinator is gone for good, the founders that promised it wait: they cannot know, and two swarms
 * would be worse than none.
 *
 * What it cannot know: how many nodes there are. Where 2n nodes all expect n, and a cut runs between the halves, each
 * half founds its own; they refuse each other as soon as they meet. Let only the nodes found that are meant to.
 */
import type { Hash } from "../../protocol/types.js";
import { coordinatorOf, formationOf, type Genesis } from "./genesis.js";
import {
  EMPTY_RECORD,
  type FormationRecord,
  type FormationRequest,
  type FormationResponse,
} from "./messages.js";

export interface FormationPeer {
  readonly peer: string;
  /** With how many it wants to found a swarm; null until it has said so. */
  readonly expect: number | null;
  /** The swarm it belongs to already. */
  readonly formation: Hash | null;
}

export type FormationMode =
  /** This node alone founds the swarm. */
  | { readonly kind: "form" }
  /** `count` nodes that want the same found it together; 0: never found, only join. */
  | { readonly kind: "expect"; readonly count: number };

export type FormationOutcome =
  | { readonly kind: "formed"; readonly genesis: Genesis }
  | { readonly kind: "join"; readonly formation: Hash; readonly via: string };

export type FormationEffect =
  /** Must be on disk before any effect after it is carried out. */
  | { readonly kind: "persist"; readonly record: FormationRecord }
  | { readonly kind: "ask"; readonly to: string; readonly request: FormationRequest }
  | { readonly kind: "outcome"; readonly outcome: FormationOutcome }
  | { readonly kind: "note"; readonly message: string; readonly facts: Record<string, unknown> };

export interface FormationCoreInit {
  readonly self: string;
  readonly swarm: string;
  readonly mode: FormationMode;
  readonly record: FormationRecord | null;
  /** 16 random bytes in hex. */
  readonly nonce: () => string;
  /** In [0, 1). */
  readonly random: () => number;
}

/** The candidates must stay the same this long: nodes that start together should found together. */
const SETTLED_MS = 1000;
const ASK_EVERY_MS = 500;
/** A coordinator that has not every promise by then gives up and tries again. */
const PREPARE_MS_MAX = 8000;
const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_SPREAD = 1500;
const DOUBT_NOTE_MS = 15_000;

export class FormationCore {
  private record: FormationRecord;
  private candidates = "";
  private settledSinceMs = 0;
  private readonly promised = new Set<string>();
  private readonly told = new Set<string>();
  private preparingSinceMs: number | null = null;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private notBeforeMs = 0;
  private doubtNotedAtMs = 0;
  private decided = false;

  constructor(private readonly init: FormationCoreInit) {
    this.record = init.record ?? EMPTY_RECORD;
  }

  get founded(): Genesis | null {
    return this.record.founded ? this.record.promise : null;
  }

  /** Every founder is known to have heard of the founding, or there is nothing to tell. */
  get everyoneTold(): boolean {
    const genesis = this.founded;
    if (genesis === null || coordinatorOf(genesis) !== this.init.self) return true;
    return genesis.voters.every((v) => v === this.init.self || this.told.has(v));
  }

  tick(peers: readonly FormationPeer[], nowMs: number): FormationEffect[] {
    const genesis = this.record.promise;
    if (this.record.founded && genesis)
      return [...this.decide({ kind: "formed", genesis }), ...this.tell(genesis, nowMs)];
    if (genesis) {
      return coordinatorOf(genesis) === this.init.self
        ? this.collect(genesis, nowMs)
        : this.doubt(genesis, nowMs);
    }
    if (this.init.mode.kind === "form") return this.found(this.newGenesis([this.init.self], nowMs));
    const member = peers.find((p) => p.formation !== null);
    if (member?.formation)
      return this.decide({ kind: "join", formation: member.formation, via: member.peer });
    return this.propose(peers, nowMs);
  }

  /** Another founder asks. The record, if there is one, must be on disk before the response is sent. */
  request(
    from: string,
    request: FormationRequest,
  ): { response: FormationResponse; effects: FormationEffect[] } {
    const { genesis } = request;
    const formation = formationOf(genesis);
    const own = this.record.promise;
    if (this.record.founded && own) return answer({ v: 1, kind: "founded", genesis: own });
    const same = own !== null && formationOf(own) === formation;
    if (request.kind === "query") {
      const gaveUp = coordinatorOf(genesis) === this.init.self && !same;
      return answer({ v: 1, kind: gaveUp ? "aborted" : "undecided" });
    }
    if (from !== coordinatorOf(genesis)) return answer(refusal(`${from} does not coordinate this founding`));
    if (request.kind === "commit") {
      if (!same) return answer(refusal("this node has not promised that"));
      return answer({ v: 1, kind: "founded", genesis }, this.found(genesis));
    }
    return same ? answer({ v: 1, kind: "promised" }) : this.promise(genesis);
  }

  /** The response to an `ask`. */
  response(
    from: string,
    request: FormationRequest,
    response: FormationResponse,
    nowMs: number,
  ): FormationEffect[] {
    const own = this.record.promise;
    if (own === null || formationOf(own) !== formationOf(request.genesis)) return [];
    const coordinates = coordinatorOf(own) === this.init.self;
    switch (response.kind) {
      case "promised":
        this.promised.add(from);
        return coordinates ? this.collect(own, nowMs) : [];
      case "founded": {
        const theirs = formationOf(response.genesis) === formationOf(own);
        if (theirs) this.told.add(from);
        if (this.record.founded) return [];
        if (theirs) return this.found(own);
        if (coordinates) return this.abort(`${from} belongs to another swarm`, nowMs);
        // A coordinator that founded another swarm has given this one up.
        return from === coordinatorOf(own)
          ? this.release("its coordinator founded another swarm", nowMs)
          : [];
      }
      case "refused":
        return coordinates && !this.record.founded ? this.abort(`${from}: ${response.reason}`, nowMs) : [];
      case "aborted":
        if (this.record.founded || coordinates || from !== coordinatorOf(own)) return [];
        return this.release("its coordinator gave it up", nowMs);
      case "undecided":
        return [];
    }
  }

  private promise(genesis: Genesis): { response: FormationResponse; effects: FormationEffect[] } {
    const { self, swarm, mode } = this.init;
    const expect = mode.kind === "expect" ? mode.count : 1;
    if (genesis.swarm !== swarm) return answer(refusal(`this node is of swarm ${swarm}`));
    if (!genesis.voters.includes(self)) return answer(refusal("this node is not among the founders"));
    if (genesis.voters.length !== expect) {
      return answer(refusal(`this node expects ${expect} founders, not ${genesis.voters.length}`));
    }
    if (this.decided) return answer(refusal("this node is joining a swarm that is there already"));
    if (this.record.promise !== null) return answer(refusal("this node has promised another founding"));
    this.record = { v: 1, promise: genesis, founded: false };
    return answer({ v: 1, kind: "promised" }, [{ kind: "persist", record: this.record }]);
  }

  /** Enough candidates for long enough, and this node is the smallest of them: it coordinates. */
  private propose(peers: readonly FormationPeer[], nowMs: number): FormationEffect[] {
    const { self, mode } = this.init;
    const count = mode.kind === "expect" ? mode.count : 1;
    if (count === 0) return [];
    const candidates = [self, ...peers.filter((p) => p.expect === count).map((p) => p.peer)]
      .sort()
      .slice(0, count);
    const key = candidates.join();
    if (key !== this.candidates) {
      this.candidates = key;
      this.settledSinceMs = nowMs;
    }
    if (candidates.length < count || candidates[0] !== self) return [];
    // All of the expected ones and nobody else is in sight: there is nothing to wait for.
    const complete = peers.length + 1 === count;
    if (!complete && nowMs - this.settledSinceMs < SETTLED_MS) return [];
    if (nowMs < this.notBeforeMs) return [];
    const genesis = this.newGenesis(candidates, nowMs);
    this.record = { v: 1, promise: genesis, founded: false };
    this.promised.clear();
    this.preparingSinceMs = nowMs;
    return [{ kind: "persist", record: this.record }, ...this.collect(genesis, nowMs)];
  }

  /** Coordinator: asks for promises until it has them all, or gives up. */
  private collect(genesis: Genesis, nowMs: number): FormationEffect[] {
    const missing = genesis.voters.filter((v) => v !== this.init.self && !this.promised.has(v));
    if (missing.length === 0) return [...this.found(genesis), ...this.tell(genesis, nowMs, true)];
    this.preparingSinceMs ??= nowMs;
    if (nowMs - this.preparingSinceMs >= PREPARE_MS_MAX) {
      return this.abort(`no promise from ${missing.join(", ")}`, nowMs);
    }
    return this.askAll(missing, { v: 1, kind: "prepare", genesis }, nowMs);
  }

  /** Coordinator: tells the founders until all have heard. */
  private tell(genesis: Genesis, nowMs: number, now = false): FormationEffect[] {
    if (coordinatorOf(genesis) !== this.init.self) return [];
    const missing = genesis.voters.filter((v) => v !== this.init.self && !this.told.has(v));
    if (now) this.askedAtMs = Number.NEGATIVE_INFINITY;
    return this.askAll(missing, { v: 1, kind: "commit", genesis }, nowMs);
  }

  /** Founder in doubt: asks everybody what became of its promise. */
  private doubt(genesis: Genesis, nowMs: number): FormationEffect[] {
    const others = genesis.voters.filter((v) => v !== this.init.self);
    const effects = this.askAll(others, { v: 1, kind: "query", genesis }, nowMs);
    if (this.doubtNotedAtMs === 0) this.doubtNotedAtMs = nowMs;
    if (nowMs - this.doubtNotedAtMs < DOUBT_NOTE_MS) return effects;
    this.doubtNotedAtMs = nowMs;
    const message =
      "this node promised to found a swarm and has not heard what became of it; only the coordinator can release it";
    return [...effects, { kind: "note", message, facts: { coordinator: coordinatorOf(genesis) } }];
  }

  private found(genesis: Genesis): FormationEffect[] {
    this.record = { v: 1, promise: genesis, founded: true };
    return [{ kind: "persist", record: this.record }, ...this.decide({ kind: "formed", genesis })];
  }

  private abort(why: string, nowMs: number): FormationEffect[] {
    this.notBeforeMs = nowMs + BACKOFF_MS_MIN + this.init.random() * BACKOFF_MS_SPREAD;
    return this.release(why, nowMs);
  }

  private release(why: string, nowMs: number): FormationEffect[] {
    this.record = EMPTY_RECORD;
    this.promised.clear();
    this.preparingSinceMs = null;
    this.doubtNotedAtMs = 0;
    this.settledSinceMs = nowMs;
    const note: FormationEffect = { kind: "note", message: "a founding was given up", facts: { why } };
    return [{ kind: "persist", record: this.record }, note];
  }

  private decide(outcome: FormationOutcome): FormationEffect[] {
    if (this.decided) return [];
    this.decided = true;
    return [{ kind: "outcome", outcome }];
  }

  private askAll(peers: readonly string[], request: FormationRequest, nowMs: number): FormationEffect[] {
    if (peers.length === 0 || nowMs - this.askedAtMs < ASK_EVERY_MS) return [];
    this.askedAtMs = nowMs;
    return peers.map((to) => ({ kind: "ask", to, request }));
  }

  private newGenesis(voters: readonly string[], nowMs: number): Genesis {
    const formedAtMs = Math.max(0, Math.floor(nowMs));
    return { v: 1, swarm: this.init.swarm, nonce: this.init.nonce(), voters: [...voters].sort(), formedAtMs };
  }
}

function answer(
  response: FormationResponse,
  effects: FormationEffect[] = [],
): { response: FormationResponse; effects: FormationEffect[] } {
  return { response, effects };
}

function refusal(reason: string): FormationResponse {
  return { v: 1, kind: "refused", reason: reason.slice(0, 512) };
}
