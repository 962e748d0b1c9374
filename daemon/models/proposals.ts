/** What a node may have the leader propose about models. */
import { type CommandOf, type ControlState, modelOf } from "../../consensus/control/index.js";
import { readSpec } from "../rounds/context.js";

/** @returns why it is not proposed, or null */
export function modelProposalFault(
  proposed: CommandOf<"model.add"> | CommandOf<"model.delete">,
  from: string,
): string | null {
  const by = proposed.type === "model.add" ? proposed.model.by : proposed.by;
  if (by !== from) return `${from} changes a model in the name of ${by}`;
  if (proposed.type === "model.delete") return null;
  const { fault } = readSpec(proposed.model.spec);
  return fault === null ? null : `the leader cannot read the model's spec: ${fault}`;
}

/** A session starts from a model that the log has, from exactly its bytes, or from its seed. */
export function startFault(
  { model, spec }: CommandOf<"session.create">,
  state: Pick<ControlState, "models">,
): string | null {
  const start = readSpec(spec).spec?.start;
  if (model === undefined)
    return start === undefined ? null : "its spec starts from a model that it does not name";
  const known = modelOf(state, model);
  if (known === null || known.id !== model) return null;
  if (start?.version.hash === known.version.hash && start.height === known.height) return null;
  return `its spec does not start from the bytes of model ${model}, ${known.version.hash}`;
}
