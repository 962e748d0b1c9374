export {
  Gossip,
  type GossipCheck,
  type GossipCounters,
  type GossipInit,
  type GossipListener,
  type Verdict,
} from "./gossip.js";
export { type Heartbeat, heartbeatSchema } from "./heartbeat.js";
export { type ProgressMessage, progressMessageSchema } from "./progress.js";
export { RateLimiter } from "./rate.js";
export {
  discoveryTopicName,
  GOSSIP_KINDS,
  type GossipKind,
  type GossipReceived,
  type GossipSent,
  TOPICS,
  topicName,
} from "./topics.js";
export {
  manifestPreimage,
  type SignedManifest,
  signedManifestSchema,
  signManifest,
  type UpdateManifest,
  type UpdateMessage,
  updateManifestSchema,
  type VerifiedManifest,
  type VerifiedUpdate,
  verifyManifest,
} from "./update.js";
export { type VersionAnnouncement, versionAnnouncementSchema } from "./version.js";
