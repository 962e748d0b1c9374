/** Registers this node's answers to its peers' calls. Before the node belongs to a swarm most of them say so. */

import { decodeCommand } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import type { FormationRunner, Genesis } from "../../consensus/formation/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import { announcedOf } from "../rounds/inbox.js";
import {
  formationMethod,
  genesisMethod,
  joinMethod,
  lineageMethod,
  proposeMethod,
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
  rpc.handle(proposeMethod, async ({ command }) => {
    const { type } = decodeCommand(command);
    // Certificates, failures and members are the leader's own to write.
    if (type !== "session.create" && type !== "session.stop")
      throw new Error(`a peer cannot propose ${type}`);
    const outcome = await member().sessions.propose(command);
    return { v: 1 as const, outcome: outcome.kind === "applied" ? { kind: "applied" as const } : outcome };
  });
  rpc.handle(voteMethod, async ({ decision, manifests, index }, from) => {
    const updates = manifests.map((signed) => announcedOf(signed));
    const answer = await member().rounds.voter.answer({ decision, index, updates }, from);
    return { v: 1 as const, ...answer };
  });
  rpc.handle(lineageMethod, async ({ session, from }) => {
    return { v: 1 as const, certificates: await member().lineage.page(session, from) };
  });
}
