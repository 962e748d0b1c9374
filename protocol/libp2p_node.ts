import "./polyfill.js";
/** The libp2p node underneath, set up with the bounds of `limits.ts`. */
import { type GossipSubComponents, gossipsub } from "@chainsafe/libp2p-gossipsub";
import { identify } from "@libp2p/identify";
import type { ConnectionProtector, Libp2p } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { createLibp2p, type Libp2pOptions } from "libp2p";
import type { GossipDiscovery, MdnsDiscovery } from "./discovery.js";
import { ProtocolError, reasonOf } from "./errors.js";
import { type Admitted, heldRegistrar } from "./gossip/held_registrar.js";
import { type MeshedGossipSub, meshed } from "./gossip/meshed.js";
import { gossipOptions } from "./gossip/options.js";
import type { Identity } from "./identity.js";
import {
  ADDRESS_DIAL_TIMEOUT_MS,
  DIAL_TIMEOUT_MS,
  INBOUND_CONNECTIONS_PER_HOST_PER_S,
  LINK_PROBE_INTERVAL_MS,
  LINK_PROBE_TIMEOUT_MS,
  LINK_PROBE_TIMEOUT_MS_MAX,
  PENDING_CONNECTIONS_MAX,
  PING_STREAMS_MAX,
  STREAM_NEGOTIATION_TIMEOUT_MS,
  STREAM_READ_BUFFER_BYTES_MAX,
  STREAM_WINDOW_BYTES_MAX,
} from "./limits.js";
import type { Traffic } from "./traffic.js";

const PING_STREAMS = { maxInboundStreams: PING_STREAMS_MAX, maxOutboundStreams: PING_STREAMS_MAX };

export type SwarmLibp2p = Libp2p<{ pubsub: MeshedGossipSub }>;

export interface NodeOptions {
  readonly identity: Identity;
  readonly swarmId: string;
  readonly version: string;
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  readonly mdns: MdnsDiscovery | null;
  readonly swarmKey: Uint8Array | null;
  readonly maxConnections: number;
  readonly traffic: Traffic;
  readonly discovery: GossipDiscovery;
  readonly datastore?: Libp2pOptions["datastore"];
  /** Peers that are not to be dialed now. */
  readonly denyDial: (peer: string) => boolean;
  /** Whose gossip is read. */
  readonly admitted: Admitted;
}

/** Addresses and peers of the address book outlive this; the default hour is shorter than many an outage. */
const ADDRESS_AGE_MS = 30 * 24 * 3_600_000;

/** @throws ProtocolError `SWARM_KEY_INVALID` */
export async function createNode(options: NodeOptions): Promise<SwarmLibp2p> {
  const { swarmId, swarmKey, traffic } = options;
  return createLibp2p({
    start: false,
    privateKey: options.identity.privateKey,
    nodeInfo: { name: "ncrsh-swarm", version: options.version },
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [tcp()],
    connectionEncrypters: [tls(), noise()],
    streamMuxers: [
      yamux({
        streamOptions: {
          maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
          maxReadBufferLength: STREAM_READ_BUFFER_BYTES_MAX,
        },
      }),
    ],
    ...(swarmKey === null ? {} : { connectionProtector: protector(swarmKey) }),
    ...(options.datastore === undefined ? {} : { datastore: options.datastore }),
    connectionManager: {
      maxConnections: options.maxConnections,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_HOST_PER_S,
      maxIncomingPendingConnections: PENDING_CONNECTIONS_MAX,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: ADDRESS_DIAL_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: STREAM_NEGOTIATION_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: STREAM_NEGOTIATION_TIMEOUT_MS,
      // The redialer does this for every peer, with its own backoff.
      reconnectRetries: 0,
    },
    connectionMonitor: {
      pingInterval: LINK_PROBE_INTERVAL_MS,
      pingTimeout: { minTimeout: LINK_PROBE_TIMEOUT_MS, maxTimeout: LINK_PROBE_TIMEOUT_MS_MAX },
    },
    connectionGater: { denyDialPeer: (peer) => options.denyDial(peer.toString()) },
    peerStore: { maxAddressAge: ADDRESS_AGE_MS, maxPeerAge: ADDRESS_AGE_MS },
    metrics: () => traffic,
    // Gossip discovery finds gossipsub among the services once they are started.
    peerDiscovery: [options.discovery.create, ...(options.mdns === null ? [] : [options.mdns.create])],
    services: { identify: identify(), ping: ping(PING_STREAMS), pubsub: gossip(swarmId, options.admitted) },
  });
}

function gossip(swarmId: string, admitted: Admitted): (components: GossipSubComponents) => MeshedGossipSub {
  const create = gossipsub(gossipOptions(swarmId));
  return ({ privateKey, peerId, peerStore, registrar, connectionManager, logger }) =>
    meshed(
      create({
        privateKey,
        peerId,
        peerStore,
        registrar: heldRegistrar(registrar, admitted),
        connectionManager,
        logger,
      }),
    );
}

function protector(swarmKey: Uint8Array): () => ConnectionProtector {
  const create = preSharedKey({ psk: swarmKey });
  try {
    create();
    return create;
  } catch (error) {
    throw new ProtocolError("SWARM_KEY_INVALID", `not a swarm key file: ${reasonOf(error)}`);
  }
}
