/** What the schemas of all views share: one schema gives a view's type, checks an answer, and documents it. */
import { z } from "zod";
import type { JsonValue } from "../../../consensus/control/index.js";

/** JSON of any shape is read-only already, and without an end for the compiler to find. */
type DeepReadonly<T> = [JsonValue] extends [T] ? T : ReadonlyFields<T>;
type ReadonlyFields<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The type of a view: what its schema describes, as nobody may change it. */
export type View<S extends z.ZodType> = DeepReadonly<z.output<S>>;

/** A count, an index or a size. */
export const naturalSchema = z.int().min(0);
export const fractionSchema = z.number().min(0).max(1);
/** RFC 3339 in UTC; null for a time that is not known. */
export const timeSchema = z.iso.datetime().nullable();
/** As in the protocol, but as a pattern that can be documented. */
export const hashTextSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, {
  error: "expected sha256: and 64 hex digits",
});
export const directionSchema = z.enum(["inbound", "outbound"]);
/** An update that was not counted, and why. */
export const rejectedSchema = z.object({ peer: z.string(), reason: z.string() });

export const jsonValueSchema: z.ZodType<JsonValue> = z
  .lazy(() =>
    z.union([
      z.null(),
      z.boolean(),
      z.number(),
      z.string(),
      z.array(jsonValueSchema),
      z.record(z.string(), jsonValueSchema),
    ]),
  )
  .meta({ id: "JsonValue", description: "Any JSON value." });
