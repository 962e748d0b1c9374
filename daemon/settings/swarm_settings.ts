/** The swarm's settings as this node sees and changes them: reads behind a barrier, changes through the leader. */
import {
  type Command,
  encodeCommand,
  type JsonValue,
  type Setting,
  type Settings,
} from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import { reasonOf } from "../../protocol/errors.js";
import { ServiceError } from "../services/errors.js";
import type { ProposalOutcome } from "../sessions/commands.js";
import type { ControlLog } from "../swarm/control_log.js";
import { type CommitParts, commitOnce, LEADER_MS, LEADER_POLL_MS } from "./commit_once.js";
import { type KnownKey, type KnownValue, knownValue } from "./known.js";

/** Those that wait for a change at the same time; one more is refused. */
export const WATCHERS_MAX = 64;
/** After a change, this node is given so long to apply it too, so that whoever asked finds it in force here. */
const APPLY_MS = 2000;

export interface SettingsInit extends CommitParts {
  readonly raft: Pick<RaftNode, "status" | "readBarrier" | "waitApplied">;
  readonly control: Pick<ControlLog, "state" | "onChange">;
}

export interface SettingsChange {
  readonly before: Settings;
  readonly after: Settings;
}

export class SwarmSettings {
  private readonly watchers = new Set<(change: SettingsChange) => void>();
  private readonly stopping = new AbortController();
  private readonly off: () => void;
  private parsed: { readonly of: Settings; readonly values: Map<KnownKey, unknown> } | null = null;

  constructor(private readonly init: SettingsInit) {
    this.off = init.control.onChange(({ before, after }) => {
      if (before.settings.revision === after.settings.revision) return;
      for (const watcher of [...this.watchers]) watcher({ before: before.settings, after: after.settings });
    });
  }

  /** As applied here: never ahead of the swarm, perhaps behind it. */
  get state(): Settings {
    return this.init.control.state.settings;
  }

  /** What overrides the configuration, as applied here; null: the configuration counts. Asked often, so it is kept. */
  value<K extends KnownKey>(key: K): KnownValue<K> | null {
    const settings = this.state;
    if (this.parsed?.of !== settings) this.parsed = { of: settings, values: new Map() };
    const { values } = this.parsed;
    if (!values.has(key)) values.set(key, knownValue(settings, key));
    return values.get(key) as KnownValue<K> | null;
  }

  /**
   * Linearizable: what was set before this was called, through whichever node, is in it.
   * @throws ServiceError NETWORK_PARTITION, CONSENSUS_FAILED
   */
  async read(): Promise<Settings> {
    const { raft } = this.init;
    const untilMs = Date.now() + LEADER_MS;
    for (;;) {
      try {
        await raft.readBarrier(Math.max(1, untilMs - Date.now()));
        return this.state;
      } catch (error) {
        const stopped = error instanceof ConsensusError && error.code === "STOPPED";
        if (stopped || Date.now() >= untilMs - LEADER_POLL_MS) throw this.unread(error);
      }
      await new Promise((resolve) => setTimeout(resolve, LEADER_POLL_MS));
    }
  }

  /**
   * @param expect the revision to replace, 0: only if there is none yet; null: whatever there is
   * @throws ServiceError SETTING_CONFLICT, SETTINGS_FULL, NETWORK_PARTITION, CONSENSUS_FAILED, each with
   *   `details.committed`
   */
  async set(key: string, value: JsonValue, expect: number | null): Promise<Setting> {
    const { self: by } = this.init;
    const atMs = Date.now();
    const revision = await this.commit({ v: 1, type: "settings.set", key, value, expect, by, atMs });
    return { key, value, revision, by, atMs };
  }

  /**
   * @param expect the revision to delete; null: whatever there is
   * @returns the revision of the deletion
   * @throws ServiceError as `set`, and SETTING_NOT_FOUND
   */
  async delete(key: string, expect: number | null): Promise<number> {
    const { self: by } = this.init;
    return this.commit({ v: 1, type: "settings.delete", key, expect, by, atMs: Date.now() });
  }

  /**
   * Tells of every change as it is applied here; a snapshot may bring several as one.
   * @returns unsubscribe
   * @throws ServiceError RATE_LIMITED beyond `WATCHERS_MAX`
   */
  watch(watcher: (change: SettingsChange) => void): () => void {
    if (this.watchers.size >= WATCHERS_MAX) {
      const message = `${WATCHERS_MAX} callers wait for a change of the settings already: try again later`;
      throw new ServiceError("RATE_LIMITED", message, { watchers_max: WATCHERS_MAX });
    }
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** @returns what is applied here once `holds` does, the time is over, the caller has gone or this node stops */
  async settled(
    holds: (settings: Settings) => boolean,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Settings> {
    const over = AbortSignal.any([signal, this.stopping.signal]);
    if (holds(this.state) || over.aborted) return this.state;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        off();
        over.removeEventListener("abort", done);
        resolve();
      };
      const off = this.watch(({ after }) => holds(after) && done());
      const timer = setTimeout(done, timeoutMs);
      over.addEventListener("abort", done);
    });
    return this.state;
  }

  /** Whoever waits is answered. */
  stop(): void {
    this.off();
    this.stopping.abort();
  }

  private async commit(command: Command): Promise<number> {
    const outcome = await commitOnce(this.init, encodeCommand(command));
    if (outcome.kind === "refused") throw refusal(outcome);
    if (outcome.revision === undefined)
      throw new ServiceError("INTERNAL", "the leader did not say at which revision it set it", {
        committed: "unknown",
      });
    await this.init.raft.waitApplied(outcome.revision, APPLY_MS).catch(() => undefined);
    return outcome.revision;
  }

  private unread(error: unknown): ServiceError {
    const name = this.init.raft.status().leader === null ? "NETWORK_PARTITION" : "CONSENSUS_FAILED";
    const message = `the swarm's majority could not be asked (${reasonOf(error)}); with consistency=local this node tells what it knows itself`;
    return new ServiceError(name, message, {}, { cause: error });
  }
}

function refusal({ code, reason, revision }: ProposalOutcome & { readonly kind: "refused" }): ServiceError {
  const details = { committed: "no", ...(revision === undefined ? {} : { revision }) };
  if (code === "SETTING_CONFLICT" || code === "SETTING_NOT_FOUND" || code === "SETTINGS_FULL")
    return new ServiceError(code, reason, details);
  return new ServiceError("CONSENSUS_FAILED", reason, { ...details, cause: code });
}
