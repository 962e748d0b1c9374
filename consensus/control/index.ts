export * from "./apply.js";
export * from "./commands.js";
export * from "./followed.js";
export { type JsonValue, jsonFault } from "./json_value.js";
export * from "./machine.js";
export { applyConfiguration, isRemoved } from "./members.js";
export {
  MODEL_TAG_KEY_CHARS_MAX,
  MODEL_TAG_VALUE_CHARS_MAX,
  MODEL_TAGS_MAX,
  MODELS_MAX,
  modelBlobs,
  modelNameSchema,
  modelOf,
  modelTagsSchema,
  type StoredModel,
} from "./models.js";
export type { Applied, ApplyOutcome, EntryMeta, RefusalCode } from "./outcome.js";
export { recoverControl } from "./recovery.js";
export { sessionOfKey } from "./sessions.js";
export {
  noSettings,
  SETTING_DEPTH_MAX,
  SETTING_KEY_ALLOWED,
  SETTING_VALUE_BYTES_MAX,
  SETTINGS_BYTES_MAX,
  SETTINGS_MAX,
  type Setting,
  type Settings,
  settingKeySchema,
  settingOf,
  settingValueSchema,
} from "./settings.js";
export * from "./state.js";
