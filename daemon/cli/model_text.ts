/** One model for people. */
import type { ModelView } from "../services/views/models.js";
import { ago, bytes, fixed, shortPeer } from "./format.js";
import { facts } from "./table.js";

export const MODEL_ID = "A model's id or name, a session's id, or session@height";

export function renderModel(model: ModelView): string {
  const tags = Object.entries(model.tags).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
  return facts([
    ["id", model.id],
    ["kind", model.kind],
    ["name", model.name],
    ["tags", tags.length === 0 ? null : tags.join(", ")],
    ["session", model.session_id],
    ["status", model.status],
    ["height", model.height],
    ["version", model.model_hash],
    ["size", bytes(model.bytes)],
    ["type", model.type],
    ["dataset", model.dataset],
    ["loss", fixed(model.loss, 3)],
    ["validation", fixed(model.validation?.loss ?? null, 3)],
    ["here", model.available ? "yes" : "no"],
    ["created", `${ago(model.created_at)} by ${shortPeer(model.created_by)}`],
  ]);
}
