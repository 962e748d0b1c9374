export { AuditLog } from "./log.js";
export type { AuditPage, AuditQuery } from "./page.js";
export { AUDIT_TEXT_CHARS_MAX, type AuditEvent, type AuditRecord, auditRecordSchema } from "./record.js";
export { type AuditReport, verifyAudit } from "./verify.js";
