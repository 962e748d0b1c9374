/** What a founder answers when another asks, and what it binds itself to with that. */
import { defersTo } from "./candidacy.js";
import { found } from "./ending.js";
import { coordinatorOf, formationOf, type Genesis } from "./genesis.js";
import type { FormationRequest, FormationResponse } from "./messages.js";
import { renounce } from "./renouncing.js";
import type { FormationState } from "./state.js";
import type { FormationAnswer, FormationEffect } from "./types.js";

export function answerTo(s: FormationState, from: string, request: FormationRequest): FormationAnswer {
  const { genesis } = request;
  const formation = formationOf(genesis);
  const own = s.record.promise;
  const belongsTo = s.record.founded ? own : s.member;
  if (belongsTo) return answer({ v: 1, kind: "founded", genesis: belongsTo });
  const same = own !== null && formationOf(own) === formation;
  if (request.kind === "query") {
    const gaveUp = coordinatorOf(genesis) === s.self && !same;
    return answer({ v: 1, kind: gaveUp ? "aborted" : "undecided" });
  }
  if (request.kind === "renounce") return renounceFor(s, from, genesis);
  if (s.record.renounced.includes(formation)) return refuse("this node has renounced that founding");
  if (from !== coordinatorOf(genesis)) return refuse(`${from} does not coordinate this founding`);
  if (request.kind === "commit") {
    if (!same) return refuse("this node has not promised that");
    return answer({ v: 1, kind: "founded", genesis }, found(s, genesis));
  }
  if (same && s.forms) return refuse("this node is told to form a swarm alone");
  return same ? answer({ v: 1, kind: "promised" }) : promise(s, genesis);
}

function renounceFor(s: FormationState, from: string, genesis: Genesis): FormationAnswer {
  if (!genesis.voters.includes(from)) return refuse(`${from} is no founder of that`);
  return answer({ v: 1, kind: "renounced" }, renounce(s, genesis));
}

function promise(s: FormationState, genesis: Genesis): FormationAnswer {
  const { swarm } = s.init;
  const { self, expect } = s;
  if (genesis.swarm !== swarm) return refuse(`this node is of swarm ${swarm}`);
  if (!genesis.voters.includes(self)) return refuse("this node is not among the founders");
  if (genesis.voters.length !== expect) {
    return refuse(`this node expects ${expect} founders, not ${genesis.voters.length}`);
  }
  if (s.decided) return refuse("this node is joining a swarm that is there already");
  if (s.record.promise !== null) return refuse("this node has promised another founding");
  const smaller = defersTo(s, coordinatorOf(genesis));
  if (smaller !== null) return refuse(`${smaller} is in sight, and smaller: it should coordinate`);
  return answer({ v: 1, kind: "promised" }, [s.persist({ promise: genesis, founded: false })]);
}

function answer(response: FormationResponse, effects: FormationEffect[] = []): FormationAnswer {
  return { response, effects };
}

function refuse(reason: string): FormationAnswer {
  return answer({ v: 1, kind: "refused", reason: reason.slice(0, 512) });
}
