/** Watches one node and publishes what happens in it. */
import { randomBytes } from "node:crypto";
import type { SwarmSnapshot } from "../services/source.js";
import { nameOf, presenceOf } from "../services/views/common.js";
import { controlEvents, type StateChange } from "./control_events.js";
import type { EventHub } from "./hub.js";
import { EVENT_LIMITS } from "./limits.js";
import { addressOf, type Sample, sampledEvents, sampleOf } from "./sampled_events.js";
import { VoteEvents, type VoteSeen } from "./vote_events.js";

/** Another one for each start of a node: ids of an earlier life must not be taken for those of this one. */
export function newEpoch(): string {
  return randomBytes(6).toString("hex");
}

export interface NodeEventsInit {
  readonly hub: Pick<EventHub, "publish" | "alert">;
  readonly snapshot: () => SwarmSnapshot;
}

export class NodeEvents {
  private readonly votes = new VoteEvents();
  private before: Sample | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly init: NodeEventsInit) {}

  start(): void {
    this.timer ??= setInterval(() => this.sample(), EVENT_LIMITS.sampleMs);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** The log has moved. */
  changed(change: StateChange): void {
    const { hub, snapshot } = this.init;
    if (change.version !== null) {
      const { decision, votes } = change.version;
      for (const { peer } of votes)
        this.voted({ decision, voter: peer, vote: "approve", reason: null, proposer: null });
    }
    const address = (peer: string) => addressOf(presenceOf(snapshot()).get(peer)?.addresses ?? []);
    for (const event of controlEvents(change, address)) hub.publish(event);
  }

  voted(vote: VoteSeen): void {
    const { hub, snapshot } = this.init;
    const now = snapshot();
    const event = this.votes.seen(vote, nameOf(vote.voter, presenceOf(now), now.control));
    if (event !== null) hub.publish(event);
  }

  /** Something broke that the node cannot go on without; it is about to stop. */
  failing(error: Error): void {
    const code: unknown = "code" in error ? error.code : null;
    this.init.hub.alert("NODE_FAILING", `this node stops: ${error.message}`, {
      code: typeof code === "string" ? code : null,
    });
  }

  /** Compares with the last look, and tells what is different. */
  sample(): void {
    const snapshot = this.init.snapshot();
    const after = sampleOf(snapshot);
    const { before } = this;
    this.before = after;
    if (before === null) return;
    for (const event of sampledEvents(before, after, snapshot)) this.init.hub.publish(event);
  }
}
