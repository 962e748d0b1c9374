/** The swarm's settings. */
import { z } from "zod";
import type { Setting, Settings } from "../../../consensus/control/index.js";
import { isReserved, KNOWN_SETTINGS } from "../../settings/known.js";
import { isoTime } from "./common.js";
import { jsonValueSchema, naturalSchema, timeSchema, type View } from "./view.js";

export const settingViewSchema = z
  .object({
    key: z.string(),
    value: jsonValueSchema,
    revision: naturalSchema.describe("Log index of the change that made it; also its ETag."),
    updated_by: z.string().describe("Peer id of the node that was asked to set it."),
    updated_at: timeSchema,
  })
  .meta({ id: "Setting", description: "One setting of the swarm." });
export type SettingView = View<typeof settingViewSchema>;

export const settingListViewSchema = z
  .object({
    settings: z.array(settingViewSchema).describe("Sorted by key."),
    total: naturalSchema,
    revision: naturalSchema.describe(
      "Of the last change of any of them, a deletion too; 0: there never was one.",
    ),
    known: z
      .array(z.object({ key: z.string(), allowed: z.string(), about: z.string(), overrides: z.string() }))
      .describe("The keys that mean something to this version, whether they are set or not."),
  })
  .meta({ id: "SettingList", description: "All settings of the swarm." });
export type SettingListView = View<typeof settingListViewSchema>;

export const settingDeletedViewSchema = z
  .object({ key: z.string(), status: z.literal("deleted"), revision: naturalSchema })
  .meta({ id: "SettingDeleted", description: "A setting that is no more." });
export type SettingDeletedView = View<typeof settingDeletedViewSchema>;

export function settingView({ key, value, revision, by, atMs }: Setting): SettingView {
  return { key, value, revision, updated_by: by, updated_at: isoTime(atMs) };
}

export function settingListView({ entries: all, revision }: Settings): SettingListView {
  const entries = all.filter(({ key }) => !isReserved(key));
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
