/** Where the command line finds the token for a node; loaded with every command, so it holds names only. */
export const TOKEN_ENV = "NCRSH_SWARM_TOKEN";
export const PASSWORD_ENV = "NCRSH_SWARM_PASSWORD";
/** As `start` has it. */
export const DATA_DIR_ENV = "NCRSH_SWARM_DATA_DIR";
export const DEFAULT_DATA_DIR = "~/.ncrsh-swarm";
