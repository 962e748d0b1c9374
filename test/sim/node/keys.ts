/**
 * Signatures that nobody can forge inside the simulation, at a fraction of Ed25519's price: a MAC under a key that only
 * the node's own signer and the verifier, which is the simulator's, know.
 */
import { createHmac } from "node:crypto";
import type { Signer, Verify } from "../../../protocol/types.js";

const KNOWN_MAX = 20_000;

export class Keys {
  /** Of signatures that were made: checked again by many nodes, so remembered. */
  private readonly known = new Map<string, string>();

  /** @param secret of the run */
  constructor(private readonly secret: number) {}

  signerOf(peerId: string): Signer {
    return {
      peerId,
      sign: (message) => {
        const signature = this.mac(peerId, message);
        this.remember(peerId, message, signature);
        return signature;
      },
    };
  }

  readonly verify: Verify = (peerId, message, signature) => {
    const text = Buffer.from(signature).toString("latin1");
    const known = this.known.get(text);
    if (known !== undefined) return known === named(peerId, message);
    return signature.length === 64 && Buffer.compare(this.mac(peerId, message), signature) === 0;
  };

  private mac(peerId: string, message: Uint8Array): Uint8Array {
    return new Uint8Array(createHmac("sha512", `${this.secret}/${peerId}`).update(message).digest());
  }

  private remember(peerId: string, message: Uint8Array, signature: Uint8Array): void {
    if (this.known.size >= KNOWN_MAX) this.known.clear();
    this.known.set(Buffer.from(signature).toString("latin1"), named(peerId, message));
  }
}

function named(peerId: string, message: Uint8Array): string {
  return `${peerId}/${Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1")}`;
}
