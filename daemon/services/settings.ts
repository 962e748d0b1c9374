/** The swarm's settings, for the doors: keys and values are checked before anything is asked of the swarm. */
import {
  type JsonValue,
  jsonFault,
  SETTING_DEPTH_MAX,
  SETTING_VALUE_BYTES_MAX,
  type Setting,
  type Settings,
  settingKeySchema,
  settingOf,
  settingValueSchema,
} from "../../consensus/control/index.js";
import { isReserved, RESERVED_PREFIX, settingFault } from "../settings/known.js";
import { ServiceError } from "./errors.js";
import {
  type SettingDeletedView,
  type SettingListView,
  type SettingView,
  settingListView,
  settingView,
} from "./views/settings.js";

/** What is used of the node. */
export interface SettingsPort {
  readonly state: Settings;
  read(): Promise<Settings>;
  set(key: string, value: JsonValue, expect: number | null): Promise<Setting>;
  delete(key: string, expect: number | null): Promise<number>;
  settled(holds: (settings: Settings) => boolean, timeoutMs: number, signal: AbortSignal): Promise<Settings>;
}

export interface SettingsQuery {
  /** As this node knows them, without asking the others; else linearizable. */
  readonly local: boolean;
  /** Answer once there is something newer than this revision, or the time is over; null: at once. */
  readonly wait: { readonly after: number; readonly timeoutMs: number; readonly gone: AbortSignal } | null;
}

/** `expect` is the revision to replace, 0: only if there is none yet; null: whatever there is. */
export interface SettingsService {
  /** @throws ServiceError NETWORK_PARTITION, CONSENSUS_FAILED, NOT_READY, RATE_LIMITED when too many wait */
  list(query: SettingsQuery): Promise<SettingListView>;
  /** @throws ServiceError as `list`, and SETTING_NOT_FOUND, INVALID_REQUEST */
  get(key: string, query: SettingsQuery): Promise<SettingView>;
  /**
   * @throws ServiceError with `details.committed`, "no": INVALID_REQUEST, PAYLOAD_TOO_LARGE, NOT_READY; "no" or "unknown":
   * SETTING_CONFLICT (`details.revision`: the present one), SETTINGS_FULL, NETWORK_PARTITION, CONSENSUS_FAILED
   */
  set(key: string, value: unknown, expect: number | null): Promise<SettingView>;
  /** @throws ServiceError as `set`, and SETTING_NOT_FOUND */
  delete(key: string, expect: number | null): Promise<SettingDeletedView>;
}

/** @param swarm runs what needs the swarm, and says what this node can still do when it is cut off */
export function settingsService(
  port: () => SettingsPort,
  swarm: <T>(work: () => Promise<T>) => Promise<T>,
): SettingsService {
  const read = (query: SettingsQuery, changedAt: (settings: Settings) => number): Promise<Settings> =>
    swarm(() => settingsOf(port(), query, changedAt));
  const change = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await swarm(work);
    } catch (error) {
      throw sayingNothingDone(error);
    }
  };
  return {
    list: async (query) => settingListView(await read(query, (settings) => settings.revision)),
    async get(key, query) {
      requireKey(key);
      // Of a key that is not there nothing is remembered: any change may have been its deletion.
      const changedAt = (settings: Settings) => settingOf(settings, key)?.revision ?? settings.revision;
      const settings = await read(query, changedAt);
      const setting = settingOf(settings, key);
      if (setting !== null) return settingView(setting);
      const details = { key, revision: settings.revision };
      throw new ServiceError("SETTING_NOT_FOUND", `there is no setting ${key}`, details);
    },
    async set(key, value, expect) {
      requireKey(key);
      const checked = checkedValue(key, value);
      return settingView(await change(() => port().set(key, checked, expect)));
    },
    async delete(key, expect) {
      requireKey(key);
      return { key, status: "deleted", revision: await change(() => port().delete(key, expect)) };
    },
  };
}

/** A node that is not ready has not asked anybody; whoever wanted the change must not have to guess that. */
function sayingNothingDone(error: unknown): unknown {
  if (!(error instanceof ServiceError) || error.name !== "NOT_READY") return error;
  const details = { committed: "no", ...error.details };
  return new ServiceError("NOT_READY", error.message, details, { cause: error });
}

async function settingsOf(
  port: SettingsPort,
  { local, wait }: SettingsQuery,
  changedAt: (settings: Settings) => number,
): Promise<Settings> {
  const now = local ? port.state : await port.read();
  if (wait === null) return now;
  return port.settled((settings) => changedAt(settings) > wait.after, wait.timeoutMs, wait.gone);
}

function requireKey(key: string): void {
  const parsed = settingKeySchema.safeParse(key);
  if (!parsed.success)
    throw new ServiceError("INVALID_REQUEST", `key: ${parsed.error.issues[0]?.message}`, { committed: "no" });
  if (!isReserved(key)) return;
  const message = `key: what begins with ${RESERVED_PREFIX} is the swarm's own; users and API keys are changed at /api/v1/auth`;
  throw new ServiceError("INVALID_REQUEST", message, { committed: "no" });
}

function checkedValue(key: string, value: unknown): JsonValue {
  const fault = jsonFault(value, SETTING_DEPTH_MAX);
  if (fault !== null) {
    const message = `value: ${fault}; allowed is JSON, nested at most ${SETTING_DEPTH_MAX} deep`;
    throw new ServiceError("INVALID_REQUEST", message, { committed: "no" });
  }
  const parsed = settingValueSchema.safeParse(value);
  if (!parsed.success) {
    const details = { limit_bytes: SETTING_VALUE_BYTES_MAX, committed: "no" };
    throw new ServiceError("PAYLOAD_TOO_LARGE", `value: ${parsed.error.issues[0]?.message}`, details);
  }
  const unfit = settingFault(key, value);
  if (unfit !== null) throw new ServiceError("INVALID_REQUEST", unfit, { committed: "no" });
  return parsed.data;
}
