/** Who takes part next: the nodes that are alive, able and wanted. Decided by the leader, committed with the round. */
import type { ControlState } from "../../consensus/control/index.js";
import type { SessionSpec } from "../../training/session.js";
import { isMember } from "../swarm/members.js";

/** @returns sorted peer ids */
export function participantsOf(
  state: ControlState,
  spec: Pick<SessionSpec, "nodes"> | null,
  able: ReadonlySet<string>,
): string[] {
  const wanted = spec?.nodes ?? null;
  return [...able].filter((p) => isMember(state, p) && (wanted === null || wanted.includes(p))).sort();
}
