/** Registers this node's answers to its peers' calls. Before the node belongs to a swarm most of them say so. */
import { toBytes } from "../../consensus/encoding.js";
import type { FormationRunner, Genesis } from "../../consensus/formation/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import {
  committeesMethod,
  formationMethod,
  genesisMethod,
  handoverMethod,
  joinMethod,
  lineageMethod,
  proposeMethod,
  removeMethod,
  voteMethod,
} from "./methods.js";
import type { Participation } from "./participation.js";

export interface HandlersInit {
  readonly rpc: SwarmHost["rpc"];
  readonly formation: FormationRunner | null;
  /** How many nodes this one wants to found a swarm with; 0: none. */
  readonly expect: number;
  readonly genesis: () => Genesis | null;
  readonly participation: () => Participation | null;
}

export function handleCalls({ rpc, formation, expect, genesis, participation }: HandlersInit): void {
  const member = (): Participation => {
    const part = participation();
    if (part === null) throw new Error("this node does not belong to a swarm yet");
    return part;
  };
  rpc.handle(genesisMethod, async () => {
    const record = genesis();
    return { v: 1 as const, genesis: record === null ? null : toBytes(record), expect };
  });
  if (formation) rpc.handle(formationMethod, (request, from) => formation.handle(from, request));
  rpc.handle(joinMethod, ({ name, empty }, from) => member().membership.admit({ peer: from, name, empty }));
  rpc.handle(removeMethod, ({ peer }, from) => member().removal.answer(peer, from));
  rpc.handle(proposeMethod, async ({ command }, from) => {
    const outcome = await member().sessions.propose(command, from);
    return { v: 1 as const, outcome: outcome.kind === "applied" ? { kind: "applied" as const } : outcome };
  });
  rpc.handle(voteMethod, async ({ decision, manifests, index }, from) => {
    const answer = await member().rounds.vote({ decision, manifests, index }, from);
    return { v: 1 as const, ...answer };
  });
  rpc.handle(handoverMethod, async (question, from) => {
    return { v: 1 as const, ...(await member().rounds.voter.handOver(question, from)) };
  });
  rpc.handle(lineageMethod, async ({ session, to }) => {
    return { v: 1 as const, certificates: await member().lineage.pageDown(session, to) };
  });
  rpc.handle(committeesMethod, async ({ from }) => {
    return { v: 1 as const, certificates: await member().lineage.committees(from) };
  });
}
