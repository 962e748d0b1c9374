export { createEvents, type NodeEventStream } from "./create.js";
export { EventHub, type EventSink, type Reader } from "./hub.js";
export { EVENT_LIMITS } from "./limits.js";
export { NodeEvents, newEpoch } from "./node_events.js";
export { EventRing } from "./ring.js";
export * from "./schema.js";
export { Seats } from "./seats.js";
export type { VoteSeen } from "./vote_events.js";
