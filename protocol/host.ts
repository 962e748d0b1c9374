import "./polyfill.js";
/** A node of the swarm on the network: composes libp2p, the handshake, redialing, gossip, calls, Raft and blobs. */
import type { Connection } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { BlobExchange } from "./blobs/exchange.js";
import type { BlobStorage } from "./blobs/types.js";
import { Discover, type DiscoveryReport } from "./discover.js";
import {
  bootstrapPeers,
  GossipDiscovery,
  type KnownAddress,
  MdnsDiscovery,
  parseAddress,
} from "./discovery.js";
import { ProtocolError, reasonOf } from "./errors.js";
import { Gossip } from "./gossip/gossip.js";
import { Greeter } from "./greeter.js";
import { HELLO_PROTOCOL, helloOf } from "./hello.js";
import type { Identity } from "./identity.js";
import { Latency } from "./latency.js";
import { createNode, type NodeOptions, type SwarmLibp2p } from "./libp2p_node.js";
import {
  DIAL_TIMEOUT_MS,
  HELLO_TIMEOUT_MS,
  RECEIVING_BYTES_MAX,
  RECEIVING_STRANGERS_BYTES_MAX,
  STOP_TIMEOUT_MS,
} from "./limits.js";
import { Links } from "./links.js";
import { listenError } from "./listen_error.js";
import type { Logger } from "./logger.js";
import { type PeerEvent, type PeerHello, PeerTable } from "./peer_table.js";
import { RaftChannel } from "./raft_channel.js";
import { ReceiveBudget } from "./receive_budget.js";
import { Redialer } from "./redial.js";
import type { Refusal } from "./refusal_log.js";
import { Rpc } from "./rpc.js";
import { deadline, sleep } from "./timing.js";
import { Traffic, type TrafficReport } from "./traffic.js";
import type { Hash } from "./types.js";

export interface HostOptions {
  readonly identity: Identity;
  /** Part of every topic and protocol name. */
  readonly swarmId: string;
  /** Of this package. */
  readonly version: string;
  /** What people call this node. */
  readonly name: string;
  /** Multiaddrs; port 0 lets the system choose. */
  readonly listen: readonly string[];
  /** Multiaddrs told to others instead of those listened on; empty: those. */
  readonly announce: readonly string[];
  /** Multiaddrs that end in /p2p/ and a peer id. The node's own is left out. */
  readonly bootstrap: readonly string[];
  readonly mdns: boolean;
  /** Contents of a libp2p swarm.key file. */
  readonly swarmKey: Uint8Array | null;
  readonly maxConnections: number;
  readonly logger: Logger;
  /** The swarm that this node belongs to, by now; call `formationChanged` when that changes. */
  readonly formation: () => Hash | null;
  /** What that swarm was founded on, when `formation` is the recovery that it follows; else null. */
  readonly origin?: () => Hash | null;
  /** Recoveries by force that this node may follow. */
  readonly acceptedRecoveries?: readonly Hash[];
  /** What is served to others, and where fetched blobs go. */
  readonly blobStorage: BlobStorage;
  /** Larger blobs are not fetched. */
  readonly maxBlobBytes?: number;
  /** Members of the swarm, connected or not: where room is scarce they come before strangers. */
  readonly preferred?: (peer: string) => boolean;
  /** Keeps the address book across restarts; without one it is in memory. */
  readonly datastore?: NodeOptions["datastore"];
}

export interface ConnectionInfo {
  readonly peer: string;
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  readonly encryption: string | null;
  readonly openedAtMs: number;
  readonly streams: number;
}

/** Streams that are open now. */
export interface StreamCount {
  readonly protocol: string;
  readonly inbound: number;
  readonly outbound: number;
}

/** How often links are checked for gossip that does not flow. */
const CARE_INTERVAL_MS = 1000;

export class SwarmHost {
  readonly peerId: string;
  readonly gossip: Gossip;
  readonly rpc: Rpc;
  readonly raft: RaftChannel;
  readonly blobs: BlobExchange;
  private readonly greeter: Greeter;
  private readonly redialer: Redialer;
  private readonly latency: Latency;
  private readonly discovering: Discover;
  /** @internal */
  readonly links: Links;
  private readonly table: PeerTable;
  private readonly latencyListeners = new Set<(peer: string, latencyMs: number) => void>();
  private care: NodeJS.Timeout | null = null;

  /**
   * Builds the node; nothing is opened before `start`.
   * @throws ProtocolError `ADDRESS_INVALID`, `SWARM_KEY_INVALID`
   */
  static async create(options: HostOptions): Promise<SwarmHost> {
    for (const address of [...options.listen, ...options.announce]) parseAddress(address);
    const bootstrap = bootstrapPeers(options.bootstrap, options.identity.peerId);
    const traffic = new Traffic();
    let host: SwarmHost | null = null;
    const denyDial = (peer: string) => host?.redialer.isRefused(peer) ?? false;
    const heard = (via: "gossip" | "mdns") => (peer: string) => host?.discovering.heard(peer, via);
    const discovery = new GossipDiscovery(options.swarmId, heard("gossip"));
    const mdns = options.mdns ? new MdnsDiscovery(options.swarmId, heard("mdns")) : null;
    const admitted = (peer: string) => host?.table.admitted(peer) ?? false;
    const node = await createNode({ ...options, mdns, traffic, discovery, denyDial, admitted });
    discovery.attach(node.services.pubsub);
    host = new SwarmHost(options, node, bootstrap, traffic, discovery, mdns);
    await host.handleProtocols();
    return host;
  }

  private constructor(
    private readonly options: HostOptions,
    private readonly node: SwarmLibp2p,
    private readonly bootstrap: ReadonlyMap<string, readonly KnownAddress[]>,
    private readonly traffic: Traffic,
    private readonly discovery: GossipDiscovery,
    private readonly mdns: MdnsDiscovery | null,
  ) {
    const { logger, swarmId, blobStorage: storage, maxBlobBytes } = options;
    this.peerId = options.identity.peerId;
    const table = new PeerTable(logger);
    this.table = table;
    this.redialer = new Redialer({
      bootstrap: [...bootstrap.keys()],
      dial: (peer, signal) => this.redial(peer, signal),
      isConnected: (peer) => table.has(peer),
      connectedPeers: () => table.size,
      // Leaves room for those who come to us.
      maxPeers: Math.ceil(options.maxConnections * 0.8),
      forgot: (peer) => void node.peerStore.delete(peerIdFromString(peer)).catch(() => undefined),
      logger,
    });
    this.links = new Links(node, table, (peer) => this.redialer.isRefused(peer));
    this.greeter = new Greeter({
      table,
      hello: () => {
        const { name, version } = options;
        const origin = options.origin?.() ?? undefined;
        return helloOf({ swarm: swarmId, name, version, formation: options.formation(), origin });
      },
      acceptedRecoveries: options.acceptedRecoveries ?? [],
      logger,
      refused: (peer) => this.redialer.refused(peer),
    });
    this.discovering = new Discover({
      peers: () => table.hellos(),
      connections: () => this.connections(),
      redialer: this.redialer,
      announce: () => discovery.announce(),
      askLocally: mdns === null ? null : () => mdns.ask(),
    });
    this.latency = new Latency({
      links: () => this.links.all(),
      measured: (peer, latencyMs) => {
        for (const listener of this.latencyListeners) listener(peer, latencyMs);
      },
    });
    const isPreferred = options.preferred ?? (() => false);
    const budget = new ReceiveBudget({
      bytes: RECEIVING_BYTES_MAX,
      strangersBytes: RECEIVING_STRANGERS_BYTES_MAX,
    });
    const shared = { streams: this.links, swarmId, logger, isPreferred };
    const admitted = (peer: string) => table.isUp(peer);
    const isKnown = (peer: string) => table.isUp(peer) || isPreferred(peer);
    this.gossip = new Gossip({ pubsub: node.services.pubsub, swarmId, admitted, isKnown, logger });
    this.rpc = new Rpc({ ...shared, budget });
    this.raft = new RaftChannel({ ...shared, budget });
    this.blobs = new BlobExchange({
      ...shared,
      storage,
      ...(maxBlobBytes === undefined ? {} : { maxBlobBytes }),
    });
    this.listen();
  }

  /** Opens the listeners and begins to look for others. @throws ProtocolError `LISTEN_FAILED` */
  async start(): Promise<void> {
    try {
      await this.node.start();
    } catch (error) {
      throw listenError(error, this.options.listen);
    }
    this.gossip.start();
    await this.rememberPeers();
    this.redialer.start();
    this.latency.start();
    this.care = setInterval(() => this.tend(), CARE_INTERVAL_MS);
    this.options.logger.info({ peer: this.peerId, addresses: this.addresses() }, "listening");
  }

  /** Closes everything; takes at most a few seconds whatever others do. */
  async stop(): Promise<void> {
    if (this.care) clearInterval(this.care);
    this.care = null;
    this.discovery.stop();
    this.mdns?.stop();
    this.redialer.stop();
    this.latency.stop();
    this.greeter.stop();
    this.rpc.stop();
    this.gossip.stop();
    const limit = new AbortController();
    const forced = sleep(STOP_TIMEOUT_MS, limit.signal).then(() => limit.signal.aborted || this.abortAll());
    const closed = Promise.all([this.blobs.stop(), this.raft.stop()]).then(() => this.node.stop());
    await Promise.race([closed.catch(() => this.abortAll()), forced]);
    limit.abort();
  }

  addresses(): string[] {
    return this.node.getMultiaddrs().map(String);
  }

  connections(): ConnectionInfo[] {
    return this.node.getConnections().map((connection) => ({
      peer: connection.remotePeer.toString(),
      address: connection.remoteAddr.toString(),
      direction: connection.direction,
      encryption: connection.encryption ?? null,
      openedAtMs: connection.timeline.open,
      streams: connection.streams.length,
    }));
  }

  /** Peers that have passed the handshake. */
  peers(): PeerHello[] {
    return this.table.hellos();
  }

  /** One of them. */
  peer(peer: string): PeerHello | undefined {
    return this.table.helloOf(peer);
  }

  /** Whether a peer is connected and has passed the handshake. */
  isUp(peer: string): boolean {
    return this.table.isUp(peer);
  }

  /** "up" when a peer has passed its handshake, "down" when its last connection has gone. */
  onPeer(listener: (event: PeerEvent) => void): () => void {
    return this.table.onPeer(listener);
  }

  /** The last refusals, in either direction, the newest last. */
  refusals(): Refusal[] {
    return this.greeter.refusals();
  }

  /** Refusals since the start of the process. */
  refusalCount(): number {
    return this.greeter.refusalCount();
  }

  /** Tells every peer the formation that this node belongs to by now. */
  formationChanged(): void {
    this.redialer.forgive();
    for (const link of this.links.all().values()) void this.greeter.greet(link);
  }

  /**
   * Connects to a multiaddr and waits for the handshake, even when that peer was refused before.
   * @throws ProtocolError `ADDRESS_INVALID`, `DIAL_FAILED`, `PEER_REFUSED`
   */
  async dial(address: string): Promise<void> {
    const target = parseAddress(address);
    const named = target.getComponents().findLast((c) => c.name === "p2p")?.value;
    if (named !== undefined) this.redialer.forgive(named);
    const limit = deadline(DIAL_TIMEOUT_MS + HELLO_TIMEOUT_MS, `dial ${address}`);
    try {
      const connection = await this.dialed(target, limit.signal);
      await this.links.reach(connection.remotePeer.toString(), limit.signal);
    } catch (error) {
      if (error instanceof ProtocolError && error.code === "PEER_REFUSED") throw error;
      const message = `${address} cannot be reached: ${reasonOf(error)}`;
      throw new ProtocolError("DIAL_FAILED", message, { address }, { cause: error });
    } finally {
      limit.clear();
    }
  }

  /** The last measured round trip to a peer that is up. */
  latencyMs(peer: string): number | null {
    return this.latency.of(peer);
  }

  /** Hears of every round trip that is measured. */
  onLatency(listener: (peer: string, latencyMs: number) => void): () => void {
    this.latencyListeners.add(listener);
    return () => this.latencyListeners.delete(listener);
  }

  /** Bytes since the start: in all as on the wire, by protocol as in the streams. */
  bytes(): TrafficReport {
    return this.traffic.report();
  }

  /** Open streams by protocol, those of connections that have not passed the handshake too. */
  streams(): StreamCount[] {
    const counts = new Map<string, { inbound: number; outbound: number }>();
    for (const { streams } of this.node.getConnections()) {
      for (const { protocol, direction } of streams) {
        const count = counts.get(protocol) ?? { inbound: 0, outbound: 0 };
        count[direction] += 1;
        counts.set(protocol, count);
      }
    }
    return [...counts].map(([protocol, count]) => ({ protocol, ...count }));
  }

  /** Looks for peers now, by every way there is; runs that are asked for while one is under way are that one. */
  discover(timeoutMs: number): Promise<DiscoveryReport> {
    return this.discovering.run(timeoutMs);
  }

  private async handleProtocols(): Promise<void> {
    await this.node.handle(HELLO_PROTOCOL, (stream, connection) => this.greeter.answer(stream, connection), {
      maxInboundStreams: 4,
      maxOutboundStreams: 4,
    });
    await Promise.all([this.rpc.start(), this.raft.start(), this.blobs.start()]);
  }

  private listen(): void {
    const { node, options } = this;
    node.addEventListener("connection:open", ({ detail }) => this.greeter.opened(detail));
    node.addEventListener("connection:close", ({ detail }) => this.greeter.closed(detail));
    node.addEventListener("peer:discovery", ({ detail }) => this.redialer.found(detail.id.toString()));
    this.table.onPeer(({ kind, peer, hello }) => {
      const { name, version } = hello;
      options.logger.info({ peer, name, version, peers: this.table.size }, `peer ${kind}`);
      if (kind === "up") this.redialer.connected(peer);
      else this.redialer.disconnected(peer);
    });
  }

  private async rememberPeers(): Promise<void> {
    for (const peer of this.bootstrap.keys()) await this.rememberBootstrap(peer);
    for (const peer of await this.node.peerStore.all()) {
      if (peer.id.toString() !== this.peerId && peer.addresses.length > 0)
        this.redialer.restored(peer.id.toString());
    }
  }

  /** Addresses that were configured are never forgotten, whatever the address book thinks of their age. */
  private async rememberBootstrap(peer: string): Promise<void> {
    const known = this.bootstrap.get(peer);
    if (known === undefined) return;
    await this.node.peerStore.merge(peerIdFromString(peer), {
      multiaddrs: known.map((k) => k.address),
      tags: { bootstrap: { value: 50 } },
    });
  }

  private async redial(peer: string, stopped: AbortSignal): Promise<void> {
    await this.rememberBootstrap(peer);
    const limit = deadline(DIAL_TIMEOUT_MS + HELLO_TIMEOUT_MS, `dial ${peer}`, stopped);
    try {
      await this.links.reach(peer, limit.signal);
    } finally {
      limit.clear();
    }
  }

  private dialed(address: ReturnType<typeof parseAddress>, signal: AbortSignal): Promise<Connection> {
    return this.node.dial(address, { signal });
  }

  private tend(): void {
    for (const peer of this.links.closeLame()) {
      this.options.logger.warn({ peer }, "gossip did not flow to a peer: its connection is opened afresh");
    }
  }

  private abortAll(): void {
    for (const connection of this.node.getConnections()) connection.abort(new Error("this node is stopping"));
  }
}
