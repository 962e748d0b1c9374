export * from "./ballot.js";
export * from "./certificate.js";
export * from "./handover.js";
export * from "./lineage.js";
export * from "./lineage_record.js";
export * from "./recovery.js";
export * from "./schemas.js";
