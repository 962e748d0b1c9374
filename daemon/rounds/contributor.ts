/** This node's own part in a round: has the trainer run, signs what it made, and makes it known. */
import { rm } from "node:fs/promises";
import type { ControlState } from "../../consensus/control/index.js";
import { signManifest, verifyManifest } from "../../protocol/index.js";
import type { AnnouncedUpdate, RoundContext } from "../../training/round/index.js";
import type { SessionSpec } from "../../training/session.js";
import type { BatchRange } from "../../training/types.js";
import type { RoundDeps } from "./deps.js";
import { announcedOf, type UpdateInbox } from "./inbox.js";
import type { RoundBlobs } from "./round_blobs.js";
import type { TrainerPort, TrainOrder, UpdateMessage } from "./trainer_port.js";

export interface ContributorInit
  extends Pick<RoundDeps, "identity" | "verify" | "logger" | "inlineUpdateMaxBytes"> {
  readonly control: { readonly state: Pick<ControlState, "session" | "history"> };
  readonly trainer: Pick<TrainerPort, "train" | "state"> | null;
  readonly blobs: Pick<RoundDeps["blobs"], "tempDir" | "putFile" | "read">;
  readonly gossip: Pick<RoundDeps["gossip"], "publish">;
  readonly versions: Pick<RoundDeps["versions"], "ensure">;
  readonly inbox: UpdateInbox;
  readonly roundBlobs: Pick<RoundBlobs, "keep">;
  readonly open: () => RoundContext | null;
  readonly spec: () => SessionSpec | null;
  /** Resolves when no validation is under way: the version is validated before it is trained on. */
  readonly settled: () => Promise<void>;
  readonly trained: (update: AnnouncedUpdate) => void;
  readonly lost: (session: string, round: number) => void;
}

/** What the trainer is told to do for a round. */
export function orderOf(
  context: RoundContext,
  lane: readonly BatchRange[],
  spec: SessionSpec,
  rest: Pick<TrainOrder, "base" | "outDir" | "countedRound">,
): TrainOrder {
  const { session, round, contribution, height } = context;
  return {
    session,
    round,
    lane: lane.map(([from, to]) => [from, to]),
    contribution,
    codec: spec.codec,
    strategy: spec.strategy.name,
    // One node's share of the swarm's steps so far: the schedule moves with committed versions alone.
    scheduleStep: (height - 1) * spec.strategy.innerSteps,
    ...rest,
  };
}

/** The last round of a session whose committed version counts a peer's update, as far back as the history reaches. */
export function lastCountedRound(
  { history }: Pick<ControlState, "history">,
  session: string,
  peer: string,
): number | null {
  const entry = history.findLast(
    (e) => e.type === "version" && e.session === session && e.contributors.includes(peer),
  );
  return entry?.round ?? null;
}

export class Contributor {
  /** The trainer process and the session that it was last told to train in. */
  private trainedIn: string | null = null;

  constructor(private readonly init: ContributorInit) {}

  async train(context: RoundContext, lane: readonly BatchRange[]): Promise<void> {
    const { control, trainer, versions, blobs, open, settled } = this.init;
    const { session, round } = context;
    const version = control.state.session?.version;
    const spec = this.init.spec();
    if (!trainer || !spec || !version || control.state.session?.id !== session) return;
    try {
      const path = await versions.ensure(version);
      await settled();
      if (open() !== context) return;
      this.noteMoments(context, trainer.state.pid);
      const countedRound = lastCountedRound(control.state, session, this.init.identity.peerId);
      const base = { hash: version.hash, path };
      trainer.train(orderOf(context, lane, spec, { base, outDir: blobs.tempDir, countedRound }));
    } catch (error) {
      this.lose(session, round, error);
    }
  }

  /** The trainer is done: its payload becomes a blob, its claim a signed manifest. Its file is gone afterwards. */
  async finished({ session, round, steps, samples, lossNats, path }: UpdateMessage): Promise<void> {
    const { blobs, roundBlobs, identity, inbox, logger, open, trained } = this.init;
    const context = open();
    if (context?.session !== session || context.round !== round || context.base === null) {
      await removeFile(path);
      return;
    }
    try {
      const payload = await blobs.putFile(path);
      roundBlobs.keep(payload.hash, session, round);
      const { codec, contribution, base } = context;
      const claim = { session, round, base, codec, contribution, steps, samples, lossNats, payload };
      const signed = signManifest(identity, { v: 1, ...claim });
      const update = announcedOf(signed, verifyManifest(signed, this.init.verify));
      inbox.keep(update, signed);
      logger.info({ session, round, steps, bytes: payload.bytes }, "update announced");
      trained(update);
    } catch (error) {
      // Before the round is lost: its next training writes a file of the same name.
      await removeFile(path);
      this.lose(session, round, error);
    }
  }

  /** @param first whether a small payload goes along; a repetition only points to it */
  async announce(update: AnnouncedUpdate, first: boolean): Promise<void> {
    const { inbox, blobs, gossip, logger, inlineUpdateMaxBytes } = this.init;
    const { payload, round } = update;
    const signed = inbox.signedOf(update);
    if (!signed) return;
    try {
      const small = first && payload.bytes <= inlineUpdateMaxBytes;
      const inline = small ? await blobs.read(payload.hash, 0, payload.bytes) : null;
      const { recipients } = await gossip.publish("update", { ...signed, inline });
      if (recipients === 0) logger.debug({ round }, "nobody took the announcement; it is repeated");
    } catch (error) {
      logger.warn({ round, reason: String(error) }, "the update could not be announced; it is repeated");
    }
  }

  /** The inner moments live in the trainer process alone: one that is new in a session begins without. */
  private noteMoments({ session, round, height, contribution }: RoundContext, pid: number | null): void {
    const key = `${pid} ${session}`;
    const isNew = key !== this.trainedIn;
    this.trainedIn = key;
    if (!isNew || height === 1 || contribution === "gradient") return;
    const facts = { session, round, height };
    this.init.logger.warn(facts, "the trainer begins without inner moments in the middle of the schedule");
  }

  private lose(session: string, round: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.init.logger.warn({ session, round, reason }, "this node's part of the round is lost");
    this.init.lost(session, round);
  }
}

/** What cannot be removed now goes when the store is opened the next time. */
async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}
