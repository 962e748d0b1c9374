/**
 * How a swarm comes into being exactly once: a two-phase commit among the founders (Gray 1978), pure.
 *
 * Each founder promises at most one genesis at a time and keeps the promise on disk before it gives it; the coordinator
 * (smallest peer id) founds the swarm only when every founder has promised. A coordinator writes a founding down before
 * it asks anyone, so whatever it does not have on its disk it has given up: that is how it can release a founder in
 * doubt. While a coordinator is gone, the founders that promised it wait: they cannot know, and two swarms would be worse
 * than none.
 *
 * A coordinator that is gone for good: an operator starts one of the founders with `form`. It asks the others to renounce
 * the founding. Whoever renounces writes down that it will neither promise that founding again nor take its commit. Once
 * so many have that the rest is no majority of the founders, the founding is dead, whatever stands on the coordinator's
 * disk: a log needs a majority of its voters to elect anybody, and the renouncers never become its voters. Only then the
 * asking founder renounces as well (from the first it has refused to promise again, so the coordinator cannot complete
 * the founding behind its back) and founds anew. Should the coordinator come back, it alone belongs to a swarm that can
 * do nothing, and is refused by the others: empty its data folder. If too few renounce, or one of them has founded, the
 * founder goes on waiting, or founds what they founded.
 *
 * Which nodes found: all nodes that see each other must come to the same set, whoever is discovered first. So nobody
 * proposes before its view has been the same for a while, and nobody promises while it sees a smaller candidate than the
 * one that asks, who should ask instead; that is given up after `DEFER_MS_MAX`, when it is no matter of discovery any
 * more but a cut. What it cannot know: how many nodes there are. Where 2n nodes all expect n, and a cut runs between the
 * halves, each half founds its own; they refuse each other as soon as they meet. Let only the nodes found that are meant
 * to.
 */
import type { Hash } from "../../protocol/types.js";
import { coordinatorOf, formationOf, type Genesis } from "./genesis.js";
import {
  EMPTY_RECORD,
  type FormationRecord,
  type FormationRequest,
  type FormationResponse,
  RENOUNCED_MAX,
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
/** A peer that does not say what it wants holds a founding up no longer than this. */
const UNKNOWN_MS_MAX = 5000;
/** How long this node waits for a smaller candidate that it sees to ask, rather than promise to the one that asks. */
const DEFER_MS_MAX = 10_000;
/** Alone, there is nobody to notice that a swarm is there already: longer than finding a peer takes. */
const FORM_SETTLED_MS = 3000;
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
  private member: Genesis | null = null;
  private startedMs: number | null = null;
  private sight: readonly FormationPeer[] = [];
  private nowMs = 0;
  /** Since when this node has had promises to refuse because a smaller candidate should ask. */
  private deferringSinceMs: number | null = null;
  private readonly renouncers = new Set<string>();

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

  /** This node is of that swarm, wherever it has the genesis from: it founds nothing any more. */
  belongs(genesis: Genesis): void {
    this.member = genesis;
  }

  tick(peers: readonly FormationPeer[], nowMs: number): FormationEffect[] {
    this.startedMs ??= nowMs;
    this.sight = peers;
    this.nowMs = nowMs;
    const genesis = this.record.promise;
    if (this.record.founded && genesis)
      return [...this.decide({ kind: "formed", genesis }), ...this.tell(genesis, nowMs)];
    // A swarm that this node has renounced is one that can do nothing; see above.
    const { renounced } = this.record;
    const member = peers.find((p) => p.formation !== null && !renounced.includes(p.formation));
    if (genesis) return this.pursue(genesis, member, nowMs);
    if (this.decided) return [];
    if (member?.formation)
      return this.decide({ kind: "join", formation: member.formation, via: member.peer });
    return this.init.mode.kind === "form" ? this.form(peers, nowMs) : this.propose(peers, nowMs);
  }

  /** A promise is out. */
  private pursue(genesis: Genesis, member: FormationPeer | undefined, nowMs: number): FormationEffect[] {
    const forms = this.init.mode.kind === "form";
    if (coordinatorOf(genesis) !== this.init.self) {
      return forms ? this.renounceWithOthers(genesis, nowMs) : this.doubt(genesis, nowMs);
    }
    if (forms) return this.abort("this node is told to form a swarm alone", nowMs);
    // Not founded, so a swarm that is there is another one.
    if (member !== undefined) return this.abort(`${member.peer} belongs to a swarm already`, nowMs);
    return this.collect(genesis, nowMs);
  }

  /** Told to found alone, but not beside a swarm that is there. */
  private form(peers: readonly FormationPeer[], nowMs: number): FormationEffect[] {
    const waitedMs = nowMs - (this.startedMs ?? nowMs);
    const silent = peers.some(isSilent) && waitedMs < UNKNOWN_MS_MAX;
    if (waitedMs < FORM_SETTLED_MS || silent) return [];
    return this.found(this.newGenesis([this.init.self], nowMs));
  }

  /** Another founder asks. The record, if there is one, must be on disk before the response is sent. */
  request(
    from: string,
    request: FormationRequest,
  ): { response: FormationResponse; effects: FormationEffect[] } {
    const { genesis } = request;
    const formation = formationOf(genesis);
    const own = this.record.promise;
    const belongsTo = this.record.founded ? own : this.member;
    if (belongsTo) return answer({ v: 1, kind: "founded", genesis: belongsTo });
    const same = own !== null && formationOf(own) === formation;
    if (request.kind === "query") {
      const gaveUp = coordinatorOf(genesis) === this.init.self && !same;
      return answer({ v: 1, kind: gaveUp ? "aborted" : "undecided" });
    }
    if (request.kind === "renounce") return this.renounceFor(from, genesis);
    if (this.record.renounced.includes(formation))
      return answer(refusal("this node has renounced that founding"));
    if (from !== coordinatorOf(genesis)) return answer(refusal(`${from} does not coordinate this founding`));
    if (request.kind === "commit") {
      if (!same) return answer(refusal("this node has not promised that"));
      return answer({ v: 1, kind: "founded", genesis }, this.found(genesis));
    }
    if (same && this.init.mode.kind === "form")
      return answer(refusal("this node is told to form a swarm alone"));
    return same ? answer({ v: 1, kind: "promised" }) : this.promise(genesis);
  }

  private renounceFor(
    from: string,
    genesis: Genesis,
  ): { response: FormationResponse; effects: FormationEffect[] } {
    if (!genesis.voters.includes(from)) return answer(refusal(`${from} is no founder of that`));
    return answer({ v: 1, kind: "renounced" }, this.renounce(genesis));
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
        // Whoever founded or joined another swarm takes no part in this one.
        this.renouncers.add(from);
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
      case "renounced":
        this.renouncers.add(from);
        return [];
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
    const smaller = this.defersTo(coordinatorOf(genesis), expect);
    if (smaller !== null) return answer(refusal(`${smaller} is in sight, and smaller: it should coordinate`));
    this.record = { ...this.record, promise: genesis, founded: false };
    return answer({ v: 1, kind: "promised" }, [{ kind: "persist", record: this.record }]);
  }

  /** A candidate in sight that should found before `coordinator` does, for as long as it is worth waiting for. */
  private defersTo(coordinator: string, count: number): string | null {
    const smaller = this.sight.find(
      (p) => p.expect === count && p.formation === null && p.peer < coordinator,
    );
    if (smaller === undefined) {
      this.deferringSinceMs = null;
      return null;
    }
    this.deferringSinceMs ??= this.nowMs;
    return this.nowMs - this.deferringSinceMs < DEFER_MS_MAX ? smaller.peer : null;
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
    // Even when just as many as expected are in sight: which of more are found first must not decide.
    const settledMs = nowMs - this.settledSinceMs;
    const silent = peers.some(isSilent) && settledMs < UNKNOWN_MS_MAX;
    if (settledMs < SETTLED_MS || silent || nowMs < this.notBeforeMs) return [];
    const genesis = this.newGenesis(candidates, nowMs);
    this.record = { ...this.record, promise: genesis, founded: false };
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
    const coordinator = coordinatorOf(genesis);
    const message = `this node promised to found a swarm and has not heard what became of it: start its coordinator ${coordinator} again. If that is gone for good, start one founder, this one or another, with --form (consensus.form): it founds anew once enough of the founders have given this up, and the others join it`;
    return [...effects, { kind: "note", message, facts: { coordinator, founders: genesis.voters } }];
  }

  /** Told to form alone while a promise binds: free once the founding cannot come to anything any more. */
  private renounceWithOthers(genesis: Genesis, nowMs: number): FormationEffect[] {
    const others = genesis.voters.filter((v) => v !== this.init.self);
    const left = others.filter((v) => !this.renouncers.has(v));
    const majority = Math.floor(genesis.voters.length / 2) + 1;
    if (left.length < majority) {
      const effects = this.renounce(genesis);
      const why = "enough of its founders renounced it";
      return [...effects, { kind: "note", message: "a founding was given up", facts: { why } }];
    }
    return this.askAll(left, { v: 1, kind: "renounce", genesis }, nowMs);
  }

  private renounce(genesis: Genesis): FormationEffect[] {
    const formation = formationOf(genesis);
    const { promise, renounced } = this.record;
    if (renounced.includes(formation)) return [];
    const freed = promise === null || formationOf(promise) === formation;
    this.record = {
      ...this.record,
      promise: freed ? null : promise,
      renounced: [...renounced, formation].slice(-RENOUNCED_MAX),
    };
    if (freed) this.forget();
    return [{ kind: "persist", record: this.record }];
  }

  private found(genesis: Genesis): FormationEffect[] {
    this.record = { ...this.record, promise: genesis, founded: true };
    return [{ kind: "persist", record: this.record }, ...this.decide({ kind: "formed", genesis })];
  }

  private abort(why: string, nowMs: number): FormationEffect[] {
    this.notBeforeMs = nowMs + BACKOFF_MS_MIN + this.init.random() * BACKOFF_MS_SPREAD;
    return this.release(why, nowMs);
  }

  private release(why: string, nowMs: number): FormationEffect[] {
    this.record = { ...this.record, promise: null, founded: false };
    this.forget();
    this.settledSinceMs = nowMs;
    const note: FormationEffect = { kind: "note", message: "a founding was given up", facts: { why } };
    return [{ kind: "persist", record: this.record }, note];
  }

  private forget(): void {
    this.promised.clear();
    this.renouncers.clear();
    this.preparingSinceMs = null;
    this.doubtNotedAtMs = 0;
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

/** It may want to found, and with how many is not known yet. */
function isSilent({ expect, formation }: FormationPeer): boolean {
  return expect === null && formation === null;
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
