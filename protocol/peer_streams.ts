/** What calls, Raft and blobs need of the host: streams to and from peers that have passed the handshake. */
import type { Stream } from "@libp2p/interface";

export interface PeerStreams {
  readonly self: string;
  /**
   * Opens a stream, dialing the peer and greeting it first if need be.
   * @throws ProtocolError `PEER_UNREACHABLE`, `PEER_REFUSED` or the signal's reason
   */
  open(peer: string, protocol: string, signal: AbortSignal): Promise<Stream>;
  /** Handles the streams that greeted peers open; those of others are reset before the handler sees them. */
  handle(
    protocol: string,
    handler: (stream: Stream, peer: string) => void,
    limits: { readonly inboundPerPeer: number; readonly outboundPerPeer: number },
  ): Promise<void>;
}
