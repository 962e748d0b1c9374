/** Holds the control state for a driver: bytes in, outcome out, snapshots, and listeners told after every change. */
import type { Hash, Verify } from "../../protocol/types.js";
import { fromBytes, toBytes } from "../encoding.js";
import { ConsensusError } from "../errors.js";
import { MAX_SNAPSHOT_BYTES } from "../raft/messages.js";
import { applyCommand } from "./apply.js";
import { decodeCommand } from "./commands.js";
import { applyConfiguration } from "./members.js";
import type { ApplyOutcome, EntryMeta } from "./outcome.js";
import { type ControlState, controlStateSchema, emptyControlState } from "./state.js";

/** What the state begins with. */
export interface GenesisFacts {
  readonly swarm: string;
  readonly formation: Hash;
  /** The founders, sorted. */
  readonly voters: readonly string[];
}

export class ControlMachine {
  private current: ControlState;

  constructor(
    private readonly genesis: GenesisFacts,
    private readonly verify: Verify,
  ) {
    this.current = emptyControlState(genesis.swarm, genesis.formation, genesis.voters);
  }

  get state(): ControlState {
    return this.current;
  }

  /** An entry that does not decode (a newer node's, say) changes nothing but the index, on every node alike. */
  apply(bytes: Uint8Array, meta: EntryMeta): ApplyOutcome {
    if (bytes.length === 0) {
      this.current = { ...this.current, index: meta.index };
      return { kind: "applied", version: null, committee: null };
    }
    let command: ReturnType<typeof decodeCommand>;
    try {
      command = decodeCommand(bytes);
    } catch (error) {
      this.current = { ...this.current, index: meta.index };
      const reason = error instanceof ConsensusError ? error.message : String(error);
      return { kind: "refused", code: "COMMAND_UNKNOWN", reason };
    }
    const { state, outcome } = applyCommand(this.current, command, meta, this.verify);
    this.current = state;
    return outcome;
  }

  /** The configuration that comes with a restored snapshot is the one the state has already: nothing changed. */
  configure(config: { voters: readonly string[]; learners: readonly string[] }, meta: EntryMeta): void {
    const { voters, learners } = this.current;
    const same = (a: readonly string[], b: readonly string[]) =>
      [...a].sort().join() === [...b].sort().join();
    if (same(config.voters, voters) && same(config.learners, learners)) return;
    this.current = applyConfiguration(this.current, config, meta);
  }

  snapshot(): Uint8Array {
    return toBytes(this.current);
  }

  /**
   * An empty snapshot is the genesis: the state before the first entry.
   * @throws ConsensusError `MESSAGE_MALFORMED`, or `STATE_MISMATCH` when it is of another swarm or formation
   */
  restore(bytes: Uint8Array): void {
    if (bytes.length === 0) {
      const { swarm, formation, voters } = this.genesis;
      this.current = emptyControlState(swarm, formation, voters);
      return;
    }
    const state = fromBytes(controlStateSchema, bytes, "control state snapshot", MAX_SNAPSHOT_BYTES);
    if (state.swarm !== this.genesis.swarm || state.formation !== this.genesis.formation) {
      throw new ConsensusError("STATE_MISMATCH", `snapshot of swarm ${state.swarm} (${state.formation})`);
    }
    this.current = state;
  }
}
