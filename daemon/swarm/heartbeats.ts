/** Tells the others once a second (and at once when something changed) that this node is there and what it can do. */
import type { Gossip, Heartbeat } from "../../protocol/index.js";
import type { Presence } from "./presence.js";

/** Changes are told at most this often. */
const AT_ONCE_MS_MIN = 100;

export interface HeartbeatsInit {
  readonly self: string;
  readonly gossip: Pick<Gossip, "on" | "publish">;
  readonly presence: Presence;
  readonly everyMs: number;
  readonly compose: () => Heartbeat;
  /** This node follows outside the configuration: there may be thousands of its kind, and nobody counts on them. */
  readonly mute: () => boolean;
}

export class Heartbeats {
  private timer: NodeJS.Timeout | null = null;
  private soon: NodeJS.Timeout | null = null;
  private off: (() => void) | null = null;

  constructor(private readonly init: HeartbeatsInit) {}

  start(): void {
    this.off = this.init.gossip.on("heartbeat", (heartbeat, from) => {
      this.init.presence.heard(from, heartbeat);
      if (heartbeat.leaving) this.init.presence.gone(from);
    });
    this.timer = setInterval(() => this.beat(), this.init.everyMs);
    this.beat();
  }

  /** Something that others wait for changed. */
  changed(): void {
    if (this.soon || !this.timer) return;
    this.soon = setTimeout(() => {
      this.soon = null;
      this.beat();
    }, AT_ONCE_MS_MIN);
  }

  /** Stops, after a last beat that says good-bye. */
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    if (this.soon) clearTimeout(this.soon);
    this.timer = null;
    this.off?.();
    await this.tell({ ...this.init.compose(), leaving: true });
  }

  private beat(): void {
    const heartbeat = this.init.compose();
    this.init.presence.heard(this.init.self, heartbeat);
    void this.tell(heartbeat);
  }

  private async tell(heartbeat: Heartbeat): Promise<void> {
    if (this.init.mute()) return;
    await this.init.gossip.publish("heartbeat", heartbeat).catch(() => undefined);
  }
}
