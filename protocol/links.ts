import "./polyfill.js";
/** The connections of a node as the rest of the protocol sees them: greeted links, streams over them, their health. */
import type { Connection, Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { ProtocolError, reasonOf } from "./errors.js";
import type { SwarmLibp2p } from "./libp2p_node.js";
import { GOSSIP_GRACE_MS } from "./limits.js";
import type { PeerStreams } from "./peer_streams.js";
import type { PeerTable } from "./peer_table.js";
import { orAborted } from "./timing.js";

const GOSSIP_PREFIX = "/meshsub/";

export class Links implements PeerStreams {
  constructor(
    private readonly node: SwarmLibp2p,
    private readonly table: PeerTable,
    private readonly isRefused: (peer: string) => boolean,
  ) {}

  get self(): string {
    return this.node.peerId.toString();
  }

  /** Connects to a peer whose addresses are known, and waits for the handshake. @throws as `open` */
  async reach(peer: string, signal: AbortSignal): Promise<void> {
    if (this.table.isUp(peer)) return;
    if (this.isRefused(peer)) throw refused(peer);
    if (!this.table.has(peer)) {
      try {
        await this.node.dial(peerIdFromString(peer), { signal });
      } catch (error) {
        signal.throwIfAborted();
        throw unreachable(peer, error);
      }
    }
    if (await orAborted(Promise.resolve(this.table.admitted(peer)), signal)) return;
    throw this.isRefused(peer) ? refused(peer) : unreachable(peer, new Error("the handshake failed"));
  }

  async open(peer: string, protocol: string, signal: AbortSignal): Promise<Stream> {
    await this.reach(peer, signal);
    const link = this.of(peer);
    if (link === null) throw unreachable(peer, new Error("the connection has closed"));
    let stream: Stream;
    try {
      stream = await link.newStream(protocol, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(peer, error);
    }
    if (!signal.aborted) return stream;
    stream.abort(new Error("no longer wanted"));
    throw signal.reason;
  }

  async handle(
    protocol: string,
    handler: (stream: Stream, peer: string) => void,
    limits: { readonly inboundPerPeer: number; readonly outboundPerPeer: number },
  ): Promise<void> {
    await this.node.handle(
      protocol,
      (stream, connection) => {
        const peer = connection.remotePeer.toString();
        const admitted = this.table.admitted(peer);
        if (admitted === true) handler(stream, peer);
        else void this.held(stream, peer, Promise.resolve(admitted), handler);
      },
      { maxInboundStreams: limits.inboundPerPeer, maxOutboundStreams: limits.outboundPerPeer },
    );
  }

  /** The newest greeted connection to a peer: an older one may be dead already without anybody having noticed. */
  of(peer: string): Connection | null {
    if (!this.table.isUp(peer)) return null;
    return (
      this.node
        .getConnections(peerIdFromString(peer))
        .findLast((c) => c.status === "open" && this.table.isGreeted(peer, c.id)) ?? null
    );
  }

  /** One link for each peer that is up. */
  all(): Map<string, Connection> {
    const links = new Map<string, Connection>();
    for (const connection of this.node.getConnections()) {
      const peer = connection.remotePeer.toString();
      if (connection.status === "open" && this.table.isGreeted(peer, connection.id))
        links.set(peer, connection);
    }
    return links;
  }

  /**
   * Closes the links of peers to which gossip does not flow: gossipsub opens its stream once per peer, and never again
   * when that failed or when the one of several connections that carried it has closed.
   * @returns the peers
   */
  closeLame(nowMs = Date.now()): string[] {
    const lame: string[] = [];
    for (const peer of this.all().keys()) {
      const connections = this.node.getConnections(peerIdFromString(peer));
      if (connections.some((c) => nowMs - c.timeline.open < GOSSIP_GRACE_MS || carriesGossip(c))) continue;
      lame.push(peer);
      for (const connection of connections) connection.abort(new Error("gossip does not flow"));
    }
    return lame;
  }

  /** A stream may overtake the end of its peer's handshake: it is held, without taking data, until that is known. */
  private async held(
    stream: Stream,
    peer: string,
    admitted: Promise<boolean>,
    handler: (stream: Stream, peer: string) => void,
  ): Promise<void> {
    try {
      stream.pause();
      if (!(await admitted)) throw new ProtocolError("PEER_REFUSED", `${peer} has not passed the handshake`);
      stream.resume();
      handler(stream, peer);
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function carriesGossip(connection: Connection): boolean {
  return connection.streams.some((s) => s.direction === "outbound" && s.protocol.startsWith(GOSSIP_PREFIX));
}

function refused(peer: string): ProtocolError {
  return new ProtocolError("PEER_REFUSED", `${peer} was refused in the handshake`, { peer });
}

function unreachable(peer: string, cause: unknown): ProtocolError {
  return new ProtocolError(
    "PEER_UNREACHABLE",
    `${peer} cannot be reached: ${reasonOf(cause)}`,
    { peer },
    { cause },
  );
}
