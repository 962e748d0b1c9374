/** The topics of a swarm: their names, and what travels on each. */
import { type Heartbeat, heartbeatTopic } from "./heartbeat.js";
import { type ProgressMessage, progressTopic } from "./progress.js";
import type { Topic } from "./topic.js";
import { type UpdateMessage, updateTopic, type VerifiedUpdate } from "./update.js";
import { type VersionAnnouncement, versionTopic } from "./version.js";

/** What is published under each kind… */
export interface GossipSent {
  update: UpdateMessage;
  progress: ProgressMessage;
  version: VersionAnnouncement;
  heartbeat: Heartbeat;
}

/** …and what arrives. */
export interface GossipReceived {
  update: VerifiedUpdate;
  progress: ProgressMessage;
  version: VersionAnnouncement;
  heartbeat: Heartbeat;
}

export type GossipKind = keyof GossipSent;

export const GOSSIP_KINDS: readonly GossipKind[] = ["update", "progress", "version", "heartbeat"];

export const TOPICS: { readonly [K in GossipKind]: Topic<GossipSent[K], GossipReceived[K]> } = {
  update: updateTopic,
  progress: progressTopic,
  version: versionTopic,
  heartbeat: heartbeatTopic,
};

export function topicName(swarm: string, kind: GossipKind): string {
  return `/ncrsh/${swarm}/${kind}/1`;
}

/** Where nodes gossip their addresses: libp2p's peer discovery, confined to the swarm. */
export function discoveryTopicName(swarm: string): string {
  return `/ncrsh/${swarm}/peers/1`;
}
