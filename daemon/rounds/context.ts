/** From committed state to the open round: the one place where the log's facts become a round's terms. */
import type { SessionState } from "../../consensus/control/index.js";
import { payloadCodecOf } from "../../training/codecs/index.js";
import { assignLanes } from "../../training/lanes/index.js";
import { layoutOf } from "../../training/models/index.js";
import type { RoundContext } from "../../training/round/index.js";
import { batchesPerEpoch, type SessionSpec, sessionSpecSchema } from "../../training/session.js";
import { contributionOf, laneBatchesOf, targetStepsOf } from "../../training/strategies/index.js";

/** The round that is open for `session`, or null when there is none. Equal on every node at the same log index. */
export function contextOf(session: SessionState | null, spec: SessionSpec | null): RoundContext | null {
  if (session === null || spec === null) return null;
  const { id, round, version, cursor, participants } = session;
  const common = {
    session: id,
    round,
    cursor,
    codec: spec.codec,
    shareSteps: spec.strategy.innerSteps,
    batchSize: spec.batchSize,
    timeoutMs: spec.roundTimeoutMs,
  };
  if (session.status === "initializing") {
    const none = { base: null, participants: [], lanes: new Map(), contribution: "pseudo_gradient" as const };
    return { ...common, ...none, height: 0, targetSteps: 0, payloadBytes: 0 };
  }
  if (session.status !== "running" || version === null) return null;
  const contribution = contributionOf(spec, participants.length);
  return {
    ...common,
    height: session.height + 1,
    base: version.hash,
    participants,
    lanes: assignLanes(cursor, participants, laneBatchesOf(spec, participants.length), totalBatchesOf(spec)),
    contribution,
    payloadBytes: payloadBytesOf(spec, contribution),
    targetSteps: targetStepsOf(spec, participants.length),
  };
}

function payloadBytesOf(spec: SessionSpec, contribution: RoundContext["contribution"]): number {
  return payloadCodecOf(spec.codec, contribution).encodedBytes(layoutOf(spec.model).size);
}

/** Batches that the session will train on in all, or null when its rounds alone decide. */
export function totalBatchesOf(spec: SessionSpec): number | null {
  return spec.epochs === null ? null : spec.epochs * batchesPerEpoch(spec);
}

export interface ReadSpec {
  readonly spec: SessionSpec | null;
  /** Why it cannot be read, naming the field. */
  readonly fault: string | null;
}

/** A spec as it stands in the log or is to stand there; what does not fit together is as unreadable as garbage. */
export function readSpec(value: unknown): ReadSpec {
  const parsed = sessionSpecSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { spec: null, fault: `${issue?.path.join(".") || "(root)"}: ${issue?.message}` };
  }
  try {
    layoutOf(parsed.data.model);
  } catch (error) {
    return { spec: null, fault: `model: ${error instanceof Error ? error.message : String(error)}` };
  }
  return { spec: parsed.data, fault: null };
}

/** Reads specs from the log, once per session. One of newer software that cannot be read keeps this node out. */
export class SpecCache {
  private last: (ReadSpec & { readonly id: string }) | null = null;

  get(session: SessionState): ReadSpec {
    if (this.last?.id !== session.id) {
      const { spec, fault } = readSpec(session.spec);
      const reason = fault && `this node cannot read the spec of session ${session.id}: ${fault}`;
      this.last = { id: session.id, spec, fault: reason };
    }
    return this.last;
  }
}
