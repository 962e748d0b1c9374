export * from "./ballot.js";
export * from "./certificate.js";
export * from "./lineage.js";
export * from "./schemas.js";
