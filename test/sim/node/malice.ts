/**
 * Nodes that lie where the swarm's promise is that a minority may: a voter that signs whatever it is asked, or garbage; a
 * leader that asks for signatures under results that nobody computes, asks each voter something else, and writes
 * certificates with signatures of its own invention. (Raft itself tolerates crashes only: nobody lies there.)
 */
import { encodeCommand } from "../../../consensus/control/index.js";
import { toBytes } from "../../../consensus/encoding.js";
import type { Decision } from "../../../consensus/types.js";
import { decodeDecision, votePreimage } from "../../../consensus/votes/index.js";
import type { Hash, Signer } from "../../../protocol/types.js";
import type { Life } from "./life.js";

const FORGES = 0.5;

export function beMalicious(life: Life, signer: Signer): void {
  const { malice } = life.init;
  if (malice === "yesVoter" || malice === "garbageVoter") voteBlindly(life, signer, malice);
  if (malice === "wrongLeader") askForLies(life, signer);
}

function voteBlindly({ host, init }: Life, signer: Signer, malice: "yesVoter" | "garbageVoter"): void {
  const { chaos, mayLie } = init;
  host.override("vote", async (honest, request, from) => {
    if (!mayLie()) return honest(request, from);
    chaos.happened(malice);
    const signature =
      malice === "yesVoter"
        ? signer.sign(votePreimage(decisionIn(request)))
        : Uint8Array.from({ length: 64 }, () => chaos.random(malice).int(256));
    return { v: 1, signature, refusal: null };
  });
}

function askForLies(life: Life, signer: Signer): void {
  const { host, init } = life;
  const { chaos, mayLie } = init;
  const random = chaos.random("wrongLeader");
  host.question = (method, peer, request) => {
    if (method !== "vote" || !mayLie() || !random.chance(0.5)) return request;
    chaos.happened("wrongLeader");
    const decision = decisionIn(request);
    const hash: Hash = `sha256:${Buffer.from(peer.padEnd(32, "!")).toString("hex").slice(0, 64)}`;
    const lie: Decision = { ...decision, result: { ...decision.result, hash } };
    if (random.chance(FORGES)) forge(life, signer, lie);
    return { ...request, decision: toBytes(lie) };
  };
}

/** Its own signature is real, and alone or among copies of it under the others' names. */
function forge({ raft, init }: Life, signer: Signer, lie: Decision): void {
  const decision = { ...lie, cursor: { next: lie.cursor.next, holes: [] } };
  const signature = signer.sign(votePreimage(decision));
  const alone = init.chaos.random("wrongLeader").chance(0.5);
  const names = alone ? [signer.peerId] : decision.voters;
  const certificate = { decision, votes: names.map((peer) => ({ peer, signature })) };
  const command = encodeCommand({
    v: 1,
    type: "round.commit",
    certificate,
    participants: [],
    evaluation: null,
    atMs: 0,
  });
  raft.propose(command).catch(() => undefined);
}

function decisionIn(request: unknown): Decision {
  const bytes: unknown =
    typeof request === "object" && request !== null ? Reflect.get(request, "decision") : null;
  if (!(bytes instanceof Uint8Array)) throw new Error("not a question for a vote");
  return decodeDecision(bytes);
}
