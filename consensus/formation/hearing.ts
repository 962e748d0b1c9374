/** What a founder does with the answer to what it asked. */
import { collect } from "./coordinating.js";
import { abort, found, release } from "./ending.js";
import { coordinatorOf, formationOf, type Genesis } from "./genesis.js";
import type { FormationRequest, FormationResponse } from "./messages.js";
import type { FormationState } from "./state.js";
import type { FormationEffect } from "./types.js";

export function hear(
  s: FormationState,
  from: string,
  request: FormationRequest,
  response: FormationResponse,
  nowMs: number,
): FormationEffect[] {
  const own = s.record.promise;
  if (own === null || formationOf(own) !== formationOf(request.genesis)) return [];
  const coordinates = coordinatorOf(own) === s.self;
  switch (response.kind) {
    case "promised":
      s.promised.add(from);
      return coordinates ? collect(s, own, nowMs) : [];
    case "founded":
      return hearFounded(s, from, own, response.genesis, nowMs);
    case "refused":
      return coordinates && !s.record.founded ? abort(s, `${from}: ${response.reason}`, nowMs) : [];
    case "aborted":
      if (s.record.founded || coordinates || from !== coordinatorOf(own)) return [];
      return release(s, "its coordinator gave it up", nowMs);
    case "renounced":
      s.renouncers.add(from);
      return [];
    case "undecided":
      return [];
  }
}

/** `from` belongs to the swarm of `theirs`, while this node has promised `own`. */
function hearFounded(
  s: FormationState,
  from: string,
  own: Genesis,
  theirs: Genesis,
  nowMs: number,
): FormationEffect[] {
  const same = formationOf(theirs) === formationOf(own);
  if (same) s.told.add(from);
  if (s.record.founded) return [];
  if (same) return found(s, own);
  // Whoever founded or joined another swarm takes no part in this one.
  s.renouncers.add(from);
  const coordinator = coordinatorOf(own);
  if (coordinator === s.self) return abort(s, `${from} belongs to another swarm`, nowMs);
  // A coordinator that founded another swarm has given this one up.
  return from === coordinator ? release(s, "its coordinator founded another swarm", nowMs) : [];
}
