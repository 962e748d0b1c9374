/** What one gossip topic is made of. Each kind of message has a file beside this one; topics.ts lists them. */
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
