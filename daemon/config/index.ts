export { configFlags } from "./flags.js";
export { type ConfigSources, loadConfig } from "./load.js";
export { nearest } from "./nearest.js";
export { configurationMarkdown, configurationYaml } from "./reference.js";
export { type Config, GROUPS, SPECS } from "./schema.js";
export { formatDuration, formatSize } from "./units.js";
export { configWarnings } from "./warnings.js";
