/** The swarm's settings. */
import type { JsonValue, Setting, Settings } from "../../../consensus/control/index.js";
import { KNOWN_SETTINGS } from "../../settings/known.js";
import { isoTime } from "./common.js";

export interface SettingView {
  readonly key: string;
  readonly value: JsonValue;
  /** Log index of the change that made it; also its ETag. */
  readonly revision: number;
  /** Peer id of the node that was asked to set it. */
  readonly updated_by: string;
  readonly updated_at: string | null;
}

export interface SettingListView {
  /** Sorted by key. */
  readonly settings: readonly SettingView[];
  readonly total: number;
  /** Of the last change of any of them, a deletion too; 0: there never was one. */
  readonly revision: number;
  /** The keys that mean something to this version, whether they are set or not. */
  readonly known: readonly {
    readonly key: string;
    readonly allowed: string;
    readonly about: string;
    readonly overrides: string;
  }[];
}

export interface SettingDeletedView {
  readonly key: string;
  readonly status: "deleted";
  readonly revision: number;
}

export function settingView({ key, value, revision, by, atMs }: Setting): SettingView {
  return { key, value, revision, updated_by: by, updated_at: isoTime(atMs) };
}

export function settingListView({ entries, revision }: Settings): SettingListView {
  return {
    settings: entries.map(settingView),
    total: entries.length,
    revision,
    known: Object.entries(KNOWN_SETTINGS).map(([key, { allowed, about, overrides }]) => ({
      key,
      allowed,
      about,
      overrides,
    })),
  };
}
