/** Holds a view against its schema, as it travels: in JSON. */
import assert from "node:assert/strict";
import type { z } from "zod";
import type { View } from "../views/view.js";

/** The schema accepts the view and describes every field of it. */
export function assertView<S extends z.ZodType>(schema: S, view: View<S>): void {
  const answer: unknown = JSON.parse(JSON.stringify(view));
  assert.deepEqual(schema.parse(answer), answer);
}
