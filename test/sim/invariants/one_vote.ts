/**
 * An honest voter signs at most one decision per session, round and term, and one handover of the committee per number
 * and term, over all its lives: the record of a vote is durable before the signature leaves the node. Two certificates
 * of one round and term would share an honest voter, who would have had to sign both.
 */

import type { CommitteeDecision, Decision } from "../../../consensus/types.js";
import {
  committeePreimage,
  decisionDigest,
  decodeCommitteeDecision,
  decodeDecision,
  votePreimage,
} from "../../../consensus/votes/index.js";
import type { Observer } from "./observer.js";

export class OneVote implements Observer {
  readonly name = "one vote of an honest voter";
  private readonly signedFor = new Map<string, string>();

  /** @param isLiar whether this node signs what it likes */
  constructor(private readonly isLiar: (node: string) => boolean) {}

  signed(node: string, message: Uint8Array): void {
    if (this.isLiar(node)) return;
    const version = afterTag(message, VERSION_TAG);
    const handover = afterTag(message, HANDOVER_TAG);
    if (version !== null) this.note(node, placeOf(decodeDecision(version)), decodeDecision(version));
    if (handover === null) return;
    const decision = decodeCommitteeDecision(handover);
    this.note(node, `committee ${decision.seq} in term ${decision.term}`, decision);
  }

  private note(node: string, place: string, decision: Decision | CommitteeDecision): void {
    const key = `${node}: ${place}`;
    const digest = decisionDigest(decision);
    const known = this.signedFor.get(key);
    if (known !== undefined && known !== digest) throw new Error(`${node} signed twice for ${place}`);
    this.signedFor.set(key, digest);
  }
}

function placeOf({ session, round, term }: Decision): string {
  return `${session}, round ${round} in term ${term}`;
}

/** The tags end with the first line's end. */
const VERSION_TAG = tagOf(votePreimage);
const HANDOVER_TAG = tagOf(committeePreimage);

function tagOf(preimage: (decision: never) => Uint8Array): Uint8Array {
  const bytes = Reflect.apply(preimage, undefined, [null]) as Uint8Array;
  return bytes.subarray(0, bytes.indexOf(0x0a) + 1);
}

function afterTag(message: Uint8Array, tag: Uint8Array): Uint8Array | null {
  const begins = Buffer.compare(message.subarray(0, tag.length), tag) === 0;
  return begins ? message.subarray(tag.length) : null;
}
