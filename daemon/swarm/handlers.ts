/**
 * Registers this node's answers to its peers' calls. Before the node belongs to a swarm most of them say so. What is
 * cheap is asked first: who calls before the body is taken, who leads before signatures are verified.
 */
import { type ControlState, decodeCommand } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import type { FormationRunner, Genesis } from "../../consensus/formation/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import { announcedOf } from "../rounds/inbox.js";
import { JoinLimits } from "./join_limits.js";
import {
  formationMethod,
  genesisMethod,
  joinMethod,
  lineageMethod,
  proposeMethod,
  voteMethod,
} from "./methods.js";
import type { Participation } from "./participation.js";

/** What is used of this node's part in the swarm. */
export interface Answering {
  readonly control: { readonly state: Pick<ControlState, "members" | "voters" | "learners"> };
  readonly raft: {
    status(): { readonly leader: string | null };
    waitApplied(index: number, timeoutMs: number): Promise<void>;
  };
  readonly membership: Pick<Participation["membership"], "admit">;
  readonly sessions: Pick<Participation["sessions"], "propose">;
  readonly rounds: { readonly voter: Pick<Participation["rounds"]["voter"], "answer"> };
  readonly lineage: Pick<Participation["lineage"], "page">;
}

export interface HandlersInit {
  readonly rpc: Pick<SwarmHost["rpc"], "handle">;
  readonly formation: Pick<FormationRunner, "handle"> | null;
  /** How many nodes this one wants to found a swarm with; 0: none. */
  readonly expect: number;
  readonly genesis: () => Genesis | null;
  readonly participation: () => Answering | null;
  readonly now: () => number;
}

/** Told to the caller, with its code. */
export class CallRefused extends Error {
  override readonly name = "CallRefused";

  constructor(
    readonly code: "NOT_READY" | "NOT_MEMBER" | "NOT_VOTER" | "COMMAND_FORBIDDEN",
    message: string,
  ) {
    super(message);
  }
}

/** A voter that is behind may not know yet who leads: it looks again when it has applied what the leader had. */
const CATCH_UP_MS = 3000;

export function handleCalls({ rpc, formation, expect, genesis, participation, now }: HandlersInit): void {
  const part = (): Answering => {
    const part = participation();
    if (part === null) throw new CallRefused("NOT_READY", "this node does not belong to a swarm yet");
    return part;
  };
  const membersOnly = (from: string): void => {
    const { voters, learners } = part().control.state;
    if (voters.includes(from) || learners.includes(from)) return;
    throw new CallRefused("NOT_MEMBER", "only members of the swarm may ask this");
  };
  const votersOnly = (from: string): void => {
    if (part().control.state.voters.includes(from)) return;
    throw new CallRefused("NOT_VOTER", "only a voter that leads may ask this");
  };
  const joins = new JoinLimits(now);

  rpc.handle(genesisMethod, async () => {
    const record = genesis();
    return { v: 1 as const, genesis: record === null ? null : toBytes(record), expect };
  });
  if (formation) rpc.handle(formationMethod, (request, from) => formation.handle(from, request));
  rpc.handle(joinMethod, async ({ name }, from) => {
    const { membership, control } = part();
    const known = control.state.members.find((m) => m.peer === from)?.name ?? null;
    const reason = joins.refusal(from, name, known);
    if (reason !== null) return { v: 1 as const, status: "wait" as const, leader: null, reason };
    return membership.admit(from, name);
  });
  rpc.handle(
    proposeMethod,
    async ({ command }) => {
      const { type } = decodeCommand(command);
      // Certificates, failures and members are the leader's own to write.
      if (type !== "session.create" && type !== "session.stop")
        throw new CallRefused("COMMAND_FORBIDDEN", `a peer cannot propose ${type}`);
      const outcome = await part().sessions.propose(command);
      return { v: 1 as const, outcome: outcome.kind === "applied" ? { kind: "applied" as const } : outcome };
    },
    membersOnly,
  );
  rpc.handle(
    voteMethod,
    async ({ decision, manifests, index }, from) => {
      const { raft, rounds } = part();
      if (!(await follows(raft, from, index))) {
        return {
          v: 1 as const,
          signature: null,
          refusal: `${from} does not lead, as far as this node knows`,
        };
      }
      const updates = manifests.map((signed) => announcedOf(signed));
      const answer = await rounds.voter.answer({ decision, index, updates }, from);
      return { v: 1 as const, ...answer };
    },
    votersOnly,
  );
  rpc.handle(
    lineageMethod,
    async ({ session, from }) => ({
      v: 1 as const,
      certificates: await part().lineage.page(session, from),
    }),
    membersOnly,
  );
}

async function follows(raft: Answering["raft"], from: string, index: number): Promise<boolean> {
  if (raft.status().leader === from) return true;
  await raft.waitApplied(index, CATCH_UP_MS).catch(() => undefined);
  return raft.status().leader === from;
}
