/** A page of the audit log. */
import { z } from "zod";
import { auditRecordSchema } from "../../audit/index.js";
import { naturalSchema, type View } from "./view.js";

export const auditViewSchema = z
  .object({
    entries: z.array(auditRecordSchema),
    total: naturalSchema.describe("Records that are kept, whatever was asked for."),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "Audit", description: "Who changed what through the answering node, latest first." });
export type AuditView = View<typeof auditViewSchema>;
