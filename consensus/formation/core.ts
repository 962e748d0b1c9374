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
import { answerTo } from "./answering.js";
import { form, propose } from "./candidacy.js";
import { collect, tell, untold } from "./coordinating.js";
import { doubt } from "./doubt.js";
import { abort, decide } from "./ending.js";
import { coordinatorOf, type Genesis } from "./genesis.js";
import { hear } from "./hearing.js";
import type { FormationRequest, FormationResponse } from "./messages.js";
import { renounceWithOthers } from "./renouncing.js";
import { FormationState } from "./state.js";
import type { FormationAnswer, FormationCoreInit, FormationEffect, FormationPeer } from "./types.js";

export class FormationCore {
  private readonly state: FormationState;

  constructor(init: FormationCoreInit) {
    this.state = new FormationState(init);
  }

  get founded(): Genesis | null {
    const { record } = this.state;
    return record.founded ? record.promise : null;
  }

  /** Every founder is known to have heard of the founding, or there is nothing to tell. */
  get everyoneTold(): boolean {
    const genesis = this.founded;
    return genesis === null || untold(this.state, genesis).length === 0;
  }

  /** This node is of that swarm, wherever it has the genesis from: it founds nothing any more. */
  belongs(genesis: Genesis): void {
    this.state.member = genesis;
  }

  tick(peers: readonly FormationPeer[], nowMs: number): FormationEffect[] {
    const s = this.state;
    s.startedMs ??= nowMs;
    s.sight = peers;
    s.nowMs = nowMs;
    const { promise: genesis, founded, renounced } = s.record;
    if (founded && genesis) return [...decide(s, { kind: "formed", genesis }), ...tell(s, genesis, nowMs)];
    // A swarm that this node has renounced is one that can do nothing; see above.
    const member = peers.find((p) => p.formation !== null && !renounced.includes(p.formation));
    if (genesis) return pursue(s, genesis, member, nowMs);
    if (s.decided) return [];
    if (member?.formation) return decide(s, { kind: "join", formation: member.formation, via: member.peer });
    return s.forms ? form(s, nowMs) : propose(s, nowMs);
  }

  /** Another founder asks. The record, if there is one, must be on disk before the response is sent. */
  request(from: string, request: FormationRequest): FormationAnswer {
    return answerTo(this.state, from, request);
  }

  /** The response to an `ask`. */
  response(
    from: string,
    request: FormationRequest,
    response: FormationResponse,
    nowMs: number,
  ): FormationEffect[] {
    return hear(this.state, from, request, response, nowMs);
  }
}

/** A promise is out. */
function pursue(
  s: FormationState,
  genesis: Genesis,
  member: FormationPeer | undefined,
  nowMs: number,
): FormationEffect[] {
  if (coordinatorOf(genesis) !== s.self) {
    return s.forms ? renounceWithOthers(s, genesis, nowMs) : doubt(s, genesis, nowMs);
  }
  if (s.forms) return abort(s, "this node is told to form a swarm alone", nowMs);
  // Not founded, so a swarm that is there is another one.
  if (member !== undefined) return abort(s, `${member.peer} belongs to a swarm already`, nowMs);
  return collect(s, genesis, nowMs);
}
