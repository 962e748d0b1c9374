export { HealthLedger, LOOK_MS_MAX, type Look, type Sighting } from "./health.js";
export { planCommittee, SAFE_VOTERS_MIN } from "./plan.js";
export { CAUGHT_UP_ENTRIES_MAX, CAUGHT_UP_MS_MAX } from "./roster.js";
export type * from "./types.js";
