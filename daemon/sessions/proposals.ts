/** What may be put into the log for a node: its own sessions, settings and models, and only if every node can read them. */
import {
  type Command,
  type ControlState,
  decodeCommand,
  MAX_PROPOSAL_BYTES,
} from "../../consensus/control/index.js";
import { recordFault } from "../auth/records.js";
import { modelProposalFault, startFault } from "../models/proposals.js";
import { readSpec } from "../rounds/context.js";
import { isReserved, settingFault } from "../settings/known.js";
import { isMember } from "../swarm/members.js";

/**
 * The leader's look at what `from` proposes, itself included: what is committed cannot be taken back.
 *
 * @returns why it is not proposed, or null
 */
export function proposalFault(
  command: Uint8Array,
  from: string,
  state: Pick<ControlState, "members" | "models">,
): string | null {
  if (!isMember(state, from)) return `${from} is not a member of this swarm`;
  if (command.length > MAX_PROPOSAL_BYTES)
    return `it has ${command.length} bytes, at most ${MAX_PROPOSAL_BYTES} are proposed; is the session's spec that large?`;
  let proposed: Command;
  try {
    proposed = decodeCommand(command);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  switch (proposed.type) {
    case "session.stop":
    case "session.pause":
    case "session.resume":
      return null;
    case "session.create": {
      if (proposed.by !== from) return `${from} proposes a session in the name of ${proposed.by}`;
      const { fault } = readSpec(proposed.spec);
      if (fault !== null) return `the leader cannot read the session's spec: ${fault}`;
      return startFault(proposed, state);
    }
    case "model.add":
    case "model.delete":
      return modelProposalFault(proposed, from);
    case "settings.set":
    case "settings.delete": {
      if (proposed.by !== from) return `${from} changes a setting in the name of ${proposed.by}`;
      if (proposed.type === "settings.delete") return null;
      const { key, value } = proposed;
      return isReserved(key) ? recordFault(key, value) : settingFault(key, value);
    }
    default:
      // Certificates, failures and members are the leader's own to write.
      return `a node cannot propose ${proposed.type}`;
  }
}
