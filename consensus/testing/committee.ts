/** A committee with real Ed25519 keys and decisions signed by it, for tests. */
import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import type { Hash, Verify } from "../../protocol/types.js";
import { formationOf, type Genesis } from "../formation/genesis.js";
import type {
  Certificate,
  CommitteeCertificate,
  CommitteeDecision,
  Committee as CommitteeState,
  Decision,
  RecoveryDecision,
  RecoveryRecord,
} from "../types.js";
import { recoveryPreimage } from "../votes/recovery.js";
import { committeePreimage, decisionDigest, votePreimage } from "../votes/schemas.js";

export const testHash = (text: string): Hash =>
  `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0").slice(0, 64)}`;

/** What the tests' swarm is founded on: `voter-0` and so on are its founders. */
export function genesisOf(voters: readonly string[]): Genesis {
  return { v: 1, swarm: "test", nonce: "0".repeat(32), voters: [...voters].sort(), formedAtMs: 0 };
}

export class Committee {
  readonly names: string[];
  readonly founding: Genesis;
  readonly formation: Hash;
  private readonly keys = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>();

  constructor(size: number) {
    this.names = Array.from({ length: size }, (_, i) => `voter-${i}`);
    for (const name of this.names) this.keys.set(name, generateKeyPairSync("ed25519"));
    this.founding = genesisOf(this.names);
    this.formation = formationOf(this.founding);
  }

  readonly verify: Verify = (peer, message, signature) => {
    const key = this.keys.get(peer);
    return key !== undefined && signature.length === 64 && verify(null, message, key.publicKey, signature);
  };

  sign(peer: string, message: Uint8Array): Uint8Array {
    const key = this.keys.get(peer);
    if (!key) throw new Error(`no key for ${peer}`);
    return new Uint8Array(sign(null, message, key.privateKey));
  }

  certify(decision: Decision, signers: readonly string[] = this.names): Certificate {
    const preimage = votePreimage(decision);
    const votes = [...signers].sort().map((peer) => ({ peer, signature: this.sign(peer, preimage) }));
    return { decision, votes };
  }

  /** The handover from `before` to `voters`. */
  handOver(
    before: CommitteeState,
    voters: readonly string[],
    signers: readonly string[] = before.voters,
    overrides: Partial<CommitteeDecision> = {},
  ): CommitteeCertificate {
    const decision: CommitteeDecision = {
      v: 1,
      swarm: "test",
      formation: this.formation,
      seq: before.seq + 1,
      term: 1,
      parent: before.digest,
      from: before.voters,
      voters: [...voters].sort(),
      ...overrides,
    };
    const preimage = committeePreimage(decision);
    const votes = [...signers].sort().map((peer) => ({ peer, signature: this.sign(peer, preimage) }));
    return { decision, votes };
  }

  /** The recovery by force by one of `before`, as one that keeps the rules would sign it at term 2 and height 2. */
  recover(
    before: CommitteeState,
    by: string,
    overrides: Partial<RecoveryDecision> = {},
    signer = by,
  ): RecoveryRecord {
    const decision: RecoveryDecision = {
      v: 1,
      swarm: "test",
      formation: this.formation,
      by,
      count: 1,
      seq: before.seq + 1,
      parent: before.digest,
      from: before.voters,
      configuration: before.voters,
      term: 2,
      index: 100,
      session: "s1",
      height: 2,
      version: testHash("version-2"),
      atMs: 0,
      ...overrides,
    };
    return { decision, signature: this.sign(signer, recoveryPreimage(decision)) };
  }

  /** The first decision of a session: no updates, no base. */
  genesis(overrides: Partial<Decision> = {}): Decision {
    return {
      v: 1,
      swarm: "test",
      formation: this.formation,
      session: "s1",
      round: 0,
      height: 0,
      term: 1,
      base: null,
      parent: null,
      updates: [],
      rejected: [],
      result: { hash: testHash("version-0"), bytes: 100, chunkRoot: testHash("chunks-0") },
      cursor: { next: 0, holes: [] },
      voters: this.names,
      ...overrides,
    };
  }

  /** A well-formed decision that follows `previous`. */
  next(previous: Decision, overrides: Partial<Decision> = {}): Decision {
    const height = previous.height + 1;
    const update = (peer: string) => ({
      peer,
      manifest: testHash(`manifest-${peer}-${height}`),
      payload: testHash(`payload-${peer}-${height}`),
      steps: 2,
      samples: 8,
      lossNats: 2.5,
    });
    return {
      ...previous,
      round: previous.round + 1,
      height,
      base: previous.result.hash,
      parent: decisionDigest(previous),
      updates: this.names.map(update),
      result: { hash: testHash(`version-${height}`), bytes: 100, chunkRoot: testHash(`chunks-${height}`) },
      cursor: { next: previous.cursor.next + 2 * this.names.length, holes: [] },
      ...overrides,
    };
  }

  chain(length: number): Certificate[] {
    const certificates = [this.certify(this.genesis())];
    while (certificates.length < length) {
      certificates.push(this.certify(this.next((certificates.at(-1) as Certificate).decision)));
    }
    return certificates;
  }
}
