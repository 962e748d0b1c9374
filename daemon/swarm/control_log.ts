/**
 * The applier behind Raft: commits become control state, certificates become lineage, listeners hear of both. On a node
 * outside the configuration the state is the one that its follower has proven, until the log has caught up with it.
 */
import type { ApplyOutcome } from "../../consensus/control/index.js";
import { ControlMachine, type ControlState, type GenesisFacts } from "../../consensus/control/index.js";
import type { Certificate } from "../../consensus/types.js";
import type { Verify } from "../../protocol/types.js";
import type { Logger } from "../logger.js";
import type { LineageStore } from "./lineage_store.js";

export interface ControlChange {
  readonly before: ControlState;
  readonly after: ControlState;
  /** The certificate that this entry committed, if it did. */
  readonly version: Certificate | null;
}

export class ControlLog {
  private readonly machine: ControlMachine;
  private followed: ControlState | null = null;
  private readonly listeners = new Set<(change: ControlChange) => void>();

  constructor(
    genesis: GenesisFacts,
    verify: Verify,
    private readonly lineage: Pick<LineageStore, "put" | "putCommittee">,
    private readonly logger: Pick<Logger, "error">,
  ) {
    this.machine = new ControlMachine(genesis, verify);
  }

  get state(): ControlState {
    return this.followed ?? this.machine.state;
  }

  /** What the log alone has come to. */
  get logged(): ControlState {
    return this.machine.state;
  }

  /**
   * Goes on from a state that was not applied here; null: from the log's own again.
   * @param version the certificate behind its newest version, if that is new
   */
  follow(state: ControlState | null, version: Certificate | null = null): void {
    const before = this.state;
    this.followed = state;
    this.tell({ before, after: this.state, version });
  }

  onChange(listener: (change: ControlChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async apply(entry: { index: number; term: number; data: Uint8Array }): Promise<ApplyOutcome> {
    const before = this.state;
    const outcome = this.machine.apply(entry.data, entry);
    const version = outcome.kind === "applied" ? outcome.version : null;
    // Before any later snapshot can drop the entry from the log, its certificate stands in the lineage.
    if (version !== null) await this.lineage.put(version);
    if (outcome.kind === "applied" && outcome.committee !== null)
      await this.lineage.putCommittee(outcome.committee);
    this.applied({ before, after: this.state, version });
    return outcome;
  }

  configChanged(config: { voters: readonly string[]; learners: readonly string[] }, index: number): void {
    const before = this.state;
    this.machine.configure(config, { index, term: 0 });
    this.applied({ before, after: this.state, version: null });
  }

  snapshot(): Uint8Array {
    return this.machine.snapshot();
  }

  restore(snapshot: Uint8Array): void {
    const before = this.state;
    this.machine.restore(snapshot);
    this.applied({ before, after: this.state, version: null });
  }

  /** While the log is behind what is followed, nobody hears of what it goes through. */
  private applied(change: ControlChange): void {
    if (this.followed === null) this.tell(change);
  }

  /** A listener that fails is its own fault: the entry is applied, the others hear of it, and the log goes on. */
  private tell(change: ControlChange): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (err) {
        this.logger.error({ err }, "a listener for the control state failed");
      }
    }
  }
}
