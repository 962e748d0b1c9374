/**
 * Registers this node's answers to its peers' calls. Before the node belongs to a swarm most of them say so. What is
 * cheap is asked first: who calls before the body is taken, who leads before signatures are verified.
 */
import type { ControlState } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import type { FormationRunner, Genesis } from "../../consensus/formation/index.js";
import type { RaftStatus } from "../../consensus/node/index.js";
import type { RecoveryRecord } from "../../consensus/types.js";
import { encodeRecovery } from "../../consensus/votes/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import { JoinLimits } from "./join_limits.js";
import {
  committeesMethod,
  formationMethod,
  genesisMethod,
  handoverMethod,
  joinMethod,
  lineageMethod,
  positionMethod,
  proposeMethod,
  readmitMethod,
  removeMethod,
  standingMethod,
  stateMethod,
  voteMethod,
} from "./methods.js";
import type { Participation } from "./participation.js";
import { tell } from "./told.js";

/** What is used of this node's part in the swarm. */
export interface Answering {
  readonly control: { readonly state: ControlState };
  readonly raft: {
    status(): Pick<RaftStatus, "leader" | "term" | "commitIndex" | "lastIndex">;
    waitApplied(index: number, timeoutMs: number): Promise<void>;
    propose(data: Uint8Array): Promise<{ readonly index: number }>;
  };
  readonly membership: Pick<Participation["membership"], "admit" | "later" | "standingChanged">;
  readonly removal: Pick<Participation["removal"], "answer" | "answerReadmit">;
  readonly sessions: Pick<Participation["sessions"], "propose">;
  readonly rounds: Pick<Participation["rounds"], "vote"> & {
    readonly voter: Pick<Participation["rounds"]["voter"], "handOver">;
  };
  readonly lineage: Pick<Participation["lineage"], "pageDown" | "committees">;
}

export interface HandlersInit {
  readonly rpc: Pick<SwarmHost["rpc"], "handle">;
  readonly formation: Pick<FormationRunner, "handle"> | null;
  /** How many nodes this one wants to found a swarm with; 0: none. */
  readonly expect: number;
  readonly genesis: () => Genesis | null;
  /** The last recovery by force. */
  readonly recovery: () => RecoveryRecord | null;
  readonly participation: () => Answering | null;
  readonly now: () => number;
}

/** Told to the caller, with its code. */
export class CallRefused extends Error {
  override readonly name = "CallRefused";

  constructor(
    readonly code: "NOT_READY" | "NOT_MEMBER" | "NOT_VOTER",
    message: string,
  ) {
    super(message);
  }
}

/** A voter that is behind may not know yet who leads: it looks again when it has applied what the leader had. */
const CATCH_UP_MS = 3000;

export function handleCalls(init: HandlersInit): void {
  const { rpc, formation, expect, genesis, recovery, participation, now } = init;
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
    const recovered = recovery();
    return {
      v: 1 as const,
      genesis: record === null ? null : toBytes(record),
      expect,
      ...(recovered === null ? {} : { recovery: encodeRecovery(recovered) }),
    };
  });
  if (formation) rpc.handle(formationMethod, (request, from) => formation.handle(from, request));
  rpc.handle(joinMethod, async ({ name, empty }, from) => {
    const { membership, control } = part();
    const known = control.state.members.find((m) => m.peer === from)?.name ?? null;
    const reason = joins.refusal(from, name, known);
    return reason === null ? membership.admit({ peer: from, name, empty }) : membership.later(reason);
  });
  rpc.handle(removeMethod, ({ peer }, from) => part().removal.answer(peer, from), membersOnly);
  rpc.handle(readmitMethod, ({ peer }, from) => part().removal.answerReadmit(peer, from), membersOnly);
  rpc.handle(standingMethod, async () => {
    void part().membership.standingChanged();
    return { v: 1 as const };
  });
  rpc.handle(
    proposeMethod,
    async ({ command }, from) => {
      const outcome = await part().sessions.propose(command, from);
      if (outcome.kind === "refused") return { v: 1 as const, outcome };
      const revision = outcome.revision === undefined ? {} : { revision: outcome.revision };
      return { v: 1 as const, outcome: { kind: "applied" as const, ...revision } };
    },
    membersOnly,
  );
  rpc.handle(
    voteMethod,
    async (question, from) => {
      const { raft, rounds } = part();
      if (!(await follows(raft, from, question.index))) return doesNotLead(from);
      return { v: 1 as const, ...(await rounds.vote(question, from)) };
    },
    votersOnly,
  );
  rpc.handle(
    handoverMethod,
    async (question, from) => {
      const { raft, rounds } = part();
      if (!(await follows(raft, from, question.index))) return doesNotLead(from);
      return { v: 1 as const, ...(await rounds.voter.handOver(question, from)) };
    },
    votersOnly,
  );
  rpc.handle(lineageMethod, async ({ session, to }) => ({
    v: 1 as const,
    certificates: await part().lineage.pageDown(session, to),
  }));
  rpc.handle(committeesMethod, async ({ from }) => ({
    v: 1 as const,
    certificates: await part().lineage.committees(from),
  }));
  rpc.handle(stateMethod, async ({ full }) => {
    const { state } = part().control;
    if (state.index > 0) return tell(state, full);
    throw new CallRefused("NOT_READY", "this node has not heard of the swarm's state yet");
  });
  rpc.handle(
    positionMethod,
    async () => {
      const { term, commitIndex, lastIndex } = part().raft.status();
      return { v: 1 as const, term, commit: commitIndex, last: lastIndex };
    },
    membersOnly,
  );
}

function doesNotLead(from: string) {
  const refusal = `${from} does not lead, as far as this node knows`;
  return { v: 1 as const, signature: null, refusal, cause: "voter" as const };
}

async function follows(raft: Answering["raft"], from: string, index: number): Promise<boolean> {
  if (raft.status().leader === from) return true;
  await raft.waitApplied(index, CATCH_UP_MS).catch(() => undefined);
  return raft.status().leader === from;
}
