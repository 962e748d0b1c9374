import assert from "node:assert/strict";
import { type Command, decodeCommand, encodeCommand, MAX_COMMAND_BYTES } from "../control/commands.js";
import { MEMBERS_MAX } from "../control/state.js";
import { toBytes } from "../encoding.js";
import { raftOptions } from "../raft/options.js";
import { testHash } from "../testing/committee.js";
import type { Certificate, CommitteeCertificate, Decision } from "../types.js";
import {
  decodeCertificate,
  decodeCommitteeCertificate,
  decodeDecision,
  encodeCertificate,
  encodeCommitteeCertificate,
  MAX_CERTIFICATE_BYTES,
  MAX_COMMITTEE_BYTES,
  MAX_CURSOR_HOLES,
  MAX_UPDATES_PER_DECISION,
  MAX_VOTERS,
  PEER_CHARS_MAX,
  REJECT_REASON_CHARS_MAX,
} from "./index.js";

const most = Number.MAX_SAFE_INTEGER;
const hash = testHash("x");
/** Takes three bytes in UTF-8, the most of a character that counts as one. */
const wide = (chars: number) => "€".repeat(chars);
const peers = (count: number) =>
  Array.from({ length: count }, (_, i) => String(i).padStart(PEER_CHARS_MAX, "p"));
const voters = peers(MAX_VOTERS);
const votes = voters.map((peer) => ({ peer, signature: new Uint8Array(64).fill(255) }));
const participants = peers(MEMBERS_MAX);
const evaluation = { height: most, lossNats: 0.1, accuracy: 0.1, samples: most };

/** At every bound at once, with `counted` of the updates counted and all others rejected. */
function largest(counted: number): Decision {
  const authors = peers(MAX_UPDATES_PER_DECISION);
  const numbers = { steps: most, samples: most, lossNats: 0.1 };
  const name = wide(128);
  return {
    v: 1,
    swarm: name,
    formation: hash,
    session: name,
    round: most,
    height: most,
    term: most,
    base: hash,
    parent: hash,
    updates: authors.slice(0, counted).map((peer) => ({ peer, manifest: hash, payload: hash, ...numbers })),
    rejected: authors.slice(counted).map((peer) => ({ peer, reason: wide(REJECT_REASON_CHARS_MAX) })),
    result: { hash, bytes: most, chunkRoot: hash },
    cursor: { next: most, holes: Array.from({ length: MAX_CURSOR_HOLES }, () => [most, most] as const) },
    voters,
  };
}

describe("consensus/votes: bounds", () => {
  for (const counted of [0, MAX_UPDATES_PER_DECISION]) {
    it(`the largest certificate fits, with ${counted} updates counted`, () => {
      const decision = largest(counted);
      const certificate: Certificate = { decision, votes };
      assert.ok(toBytes(decision).length < MAX_CERTIFICATE_BYTES);
      assert.equal(decodeDecision(toBytes(decision)).updates.length, counted);
      const bytes = encodeCertificate(certificate);
      assert.equal(decodeCertificate(bytes).votes.length, MAX_VOTERS);
    });
  }

  it("the command that commits it fits, and so does the largest failure", () => {
    const commit: Command = {
      v: 1,
      type: "round.commit",
      certificate: { decision: largest(0), votes },
      participants,
      evaluation,
      atMs: most,
    };
    const fail: Command = {
      v: 1,
      type: "round.fail",
      session: wide(128),
      round: most,
      reason: wide(2048),
      refusals: voters.map((peer) => ({ peer, reason: wide(512) })),
      participants,
      atMs: most,
    };
    for (const command of [commit, fail])
      assert.equal(decodeCommand(encodeCommand(command)).type, command.type);
    assert.ok(MAX_COMMAND_BYTES <= raftOptions().maxEntryBytes);
  });

  it("the largest handover of the committee fits", () => {
    const certificate: CommitteeCertificate = {
      decision: {
        v: 1,
        swarm: wide(128),
        formation: hash,
        seq: most,
        term: most,
        parent: hash,
        from: voters,
        voters,
      },
      votes,
    };
    const bytes = encodeCommitteeCertificate(certificate);
    assert.ok(bytes.length < MAX_COMMITTEE_BYTES);
    assert.equal(decodeCommitteeCertificate(bytes).votes.length, MAX_VOTERS);
  });

  it("refuses more updates than a decision may hold, counted and rejected together", () => {
    const decision = { ...largest(1), cursor: { next: 0, holes: [] } };
    const one = { peer: "x", reason: "y" };
    assert.throws(() => decodeDecision(toBytes({ ...decision, rejected: [...decision.rejected, one] })), {
      code: "MESSAGE_MALFORMED",
      message: /counts and rejects more than 1024/,
    });
  });
});
