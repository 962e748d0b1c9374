/** What one gossip topic is made of. Each kind of message has a file beside this one. */
import { type Heartbeat, heartbeatTopic } from "./heartbeat.js";
import { type ProgressMessage, progressTopic } from "./progress.js";
import { type UpdateMessage, updateTopic, type VerifiedUpdate } from "./update.js";
import { type VersionAnnouncement, versionTopic } from "./version.js";

export interface Topic<Sent, Received extends Sent = Sent> {
  /** Bytes of the largest message; a larger one is rejected. */
  readonly maxBytes: number;
  /** Messages per second and author, and how many at once; more are ignored. */
  readonly perSecond: number;
  readonly burst: number;
  encode(message: Sent): Uint8Array;
  /** @throws ProtocolError what is wrong with it; whoever sent such a message is at fault, not late */
  decode(bytes: Uint8Array, from: string): Received;
}

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
