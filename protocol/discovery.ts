import "./polyfill.js";
/** How nodes learn of each other: bootstrap addresses, multicast DNS on the local network, and gossip of addresses. */
import type { GossipSub } from "@chainsafe/libp2p-gossipsub";
import { isStartable, type PeerDiscovery, type PeerId } from "@libp2p/interface";
import { type MulticastDNSComponents, mdns } from "@libp2p/mdns";
import { peerIdFromString } from "@libp2p/peer-id";
import { PubSubPeerDiscovery, type PubSubPeerDiscoveryComponents } from "@libp2p/pubsub-peer-discovery";
import { CODE_P2P, type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { ProtocolError, reasonOf } from "./errors.js";
import { discoveryTopicName } from "./gossip/topics.js";
import { sha256 } from "./hash.js";
import { ADDRESS_CHARS_MAX, DISCOVERY_AT_ONCE_MS, DISCOVERY_INTERVAL_MS } from "./limits.js";

export interface KnownAddress {
  readonly peer: PeerId;
  readonly address: Multiaddr;
}

/** @throws ProtocolError `ADDRESS_INVALID` unless it is a multiaddr that names a peer */
export function parsePeerAddress(text: string): KnownAddress {
  const address = parseAddress(text);
  const id = address.getComponents().findLast((c) => c.code === CODE_P2P)?.value;
  if (id === undefined) {
    throw new ProtocolError("ADDRESS_INVALID", `${text}: does not end in /p2p/ and a peer id`, {
      address: text,
    });
  }
  return { peer: peerIdFromString(id), address };
}

/** @throws ProtocolError `ADDRESS_INVALID` */
export function parseAddress(text: string): Multiaddr {
  try {
    if (text.length > ADDRESS_CHARS_MAX) throw new Error(`longer than ${ADDRESS_CHARS_MAX} characters`);
    return multiaddr(text);
  } catch (error) {
    throw new ProtocolError("ADDRESS_INVALID", `${text}: not a multiaddr: ${reasonOf(error)}`, {
      address: text,
    });
  }
}

/** Bootstrap peers with all their addresses. @throws ProtocolError `ADDRESS_INVALID` */
export function bootstrapPeers(addresses: readonly string[], self: string): Map<string, KnownAddress[]> {
  const peers = new Map<string, KnownAddress[]>();
  for (const text of addresses) {
    const known = parsePeerAddress(text);
    const id = known.peer.toString();
    // One list for all nodes is a convenient configuration: a node leaves itself out.
    if (id !== self) peers.set(id, [...(peers.get(id) ?? []), known]);
  }
  return peers;
}

/** Digits of the swarm id's hash in the mDNS name: the id itself may be longer than a DNS label. */
const TAG_DIGITS = 16;

/** The mDNS service of a swarm: nodes of other swarms on the same network do not even see each other. */
export function mdnsServiceTag(swarm: string): string {
  const digits = sha256(new TextEncoder().encode(swarm)).slice(
    "sha256:".length,
    "sha256:".length + TAG_DIGITS,
  );
  return `_ncrsh-${digits}._udp.local`;
}

/** Asks the local network at an interval who is of this swarm, and answers those that ask. */
export class MdnsDiscovery {
  private discovery: PeerDiscovery | null = null;

  constructor(
    private readonly swarm: string,
    private readonly heard: (peer: string) => void = () => undefined,
  ) {}

  /** For libp2p's `peerDiscovery`. */
  readonly create = (components: MulticastDNSComponents): PeerDiscovery => {
    this.discovery = mdns({ serviceTag: mdnsServiceTag(this.swarm) })(components);
    this.discovery.addEventListener("peer", ({ detail }) => this.heard(detail.id.toString()));
    return this.discovery;
  };

  /** Asks now. The module asks when it starts and offers no other way to; a moment's deafness is what it costs. */
  async ask(): Promise<void> {
    const { discovery } = this;
    if (!isStartable(discovery)) return;
    await discovery.stop();
    // The node may have been told to stop meanwhile.
    if (this.discovery !== null) await discovery.start();
  }

  stop(): void {
    this.discovery = null;
  }
}

/**
 * Gossips this node's addresses at an interval, and almost at once when somebody new listens: a node that knows one
 * other is known to all a moment later.
 */
export class GossipDiscovery {
  private discovery: PubSubPeerDiscovery | null = null;
  private soon: NodeJS.Timeout | null = null;

  constructor(
    private readonly swarm: string,
    private readonly heard: (peer: string) => void = () => undefined,
  ) {}

  /** For libp2p's `peerDiscovery`. */
  readonly create = (components: PubSubPeerDiscoveryComponents): PeerDiscovery => {
    const topics = [discoveryTopicName(this.swarm)];
    this.discovery = new PubSubPeerDiscovery(components, { topics, interval: DISCOVERY_INTERVAL_MS });
    this.discovery.addEventListener("peer", ({ detail }) => this.heard(detail.id.toString()));
    return this.discovery;
  };

  attach(pubsub: GossipSub): void {
    const topic = discoveryTopicName(this.swarm);
    pubsub.addEventListener("subscription-change", ({ detail }) => {
      if (detail.subscriptions.some((s) => s.subscribe && s.topic === topic)) this.announceSoon();
    });
  }

  stop(): void {
    if (this.soon) clearTimeout(this.soon);
    this.discovery = null;
  }

  /** Tells everybody who listens where this node is, now. */
  announce(): void {
    if (this.discovery?.isStarted()) this.discovery._broadcast();
  }

  private announceSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.announce();
    }, DISCOVERY_AT_ONCE_MS);
  }
}
