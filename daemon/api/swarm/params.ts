/** What several routes take in their path and query. */
import { z } from "zod";

/** Query values are text; only plain digits are taken as a number. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: "expected a whole number" })
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .meta({ schemaOf: "whole", minimum: min, maximum: max });

const text = (what: string, max: number) => z.string().min(1).max(max).describe(what);

export const nodeParams = z.strictObject({
  node_id: text("A peer id, or a name that only one node has", 128),
});
export const modelParams = z.strictObject({
  model_id: text("The id or the name of a saved or uploaded model, a session's id, or session@height", 160),
});
export const settingParams = z.strictObject({ key: text("The setting's key", 128) });

/** Of a list that comes in pages. */
export const paging = z.strictObject({
  limit: whole(1, 500).default(100),
  cursor: z
    .string()
    .min(1)
    .max(64)
    .nullable()
    .default(null)
    .describe("next_cursor of the page before; left out: the first page"),
});
