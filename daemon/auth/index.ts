/** Authentication of a node, put together from its configuration. */
import { type Doorkeeper, openDoor } from "../api/caller.js";
import type { Config } from "../config/index.js";
import type { Logger } from "../logger.js";
import { type AuthService, authenticationOff } from "../services/auth.js";
import { accounts } from "./accounts.js";
import { Directory, type DirectoryPort } from "./directory.js";
import { FIRST_ADMIN, FirstAdmin } from "./first_admin.js";
import { Keeper } from "./keeper.js";
import { apiFolder, LocalKey } from "./local_key.js";
import { Lockout } from "./lockout.js";
import { Logins } from "./logins.js";
import { Passwords } from "./passwords.js";
import { KeyPublisher } from "./publisher.js";
import { loadSigningKey } from "./signing_key.js";
import { hs256Keys, Tokens } from "./tokens.js";

export interface AuthInit {
  readonly config: Pick<Config, "authentication" | "api" | "network" | "node">;
  /** Peer id of this node. */
  readonly self: string;
  /** The swarm's settings; null before this node belongs to a swarm. */
  readonly settings: () => DirectoryPort | null;
  readonly leads: () => boolean;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly now?: () => number;
}

export interface Auth {
  readonly keeper: Doorkeeper;
  readonly service: AuthService;
  /** Lets programs on this machine in, and sees to it that the swarm has an admin. @param address of this node's API */
  start(address: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws DaemonError CONFIG_INVALID when a key file cannot be used */
export async function openAuth(init: AuthInit): Promise<Auth> {
  const { authentication, api, network, node } = init.config;
  const folder = apiFolder(node.dataDir);
  const local = new LocalKey();
  if (authentication.provider === "none") {
    // One that a start with another provider has left behind would mislead.
    const start = () => local.remove(folder);
    return { keeper: openDoor, service: authenticationOff, start, stop: async () => undefined };
  }
  const { tokenExpiryMs, refreshExpiryMs, algorithm, privateKeyFile, publicKeyFile } = authentication;
  const now = init.now ?? Date.now;
  const keys =
    algorithm === "hs256"
      ? hs256Keys(api.jwtSecret)
      : { algorithm: "RS256" as const, own: await loadSigningKey({ folder, privateKeyFile, publicKeyFile }) };
  const directory = new Directory(init.settings, now);
  const tokens = new Tokens(keys, network.swarmId, now);
  const passwords = new Passwords();
  const publisher = new KeyPublisher(directory, keys, init.self, tokenExpiryMs, now);
  const logins = new Logins({
    directory,
    tokens,
    publisher,
    passwords,
    lockout: new Lockout(now),
    tokenExpiryMs,
    refreshExpiryMs,
    now,
  });
  const firstAdmin = new FirstAdmin({
    directory,
    passwords,
    leads: init.leads,
    password: authentication.adminPassword,
    created: (generated) => tellOfAdmin(init.logger, generated),
    failed: (error) => init.logger.info({ err: error }, "the user admin could not be created yet"),
    now,
  });
  return {
    keeper: new Keeper({ directory, tokens, local, now }),
    service: {
      login: ({ username, password }, address) => logins.login(username, password, address),
      refresh: (token) => logins.refresh(token),
      logout: ({ name, session }, refreshToken) => logins.logout(name, session, refreshToken),
      jwks: () => publisher.jwks(),
      ...accounts(directory, passwords, now),
    },
    start: async (address) => {
      await local.write(folder, address);
      firstAdmin.start();
    },
    stop: async () => {
      firstAdmin.stop();
      await local.remove(folder);
    },
  };
}

function tellOfAdmin(logger: AuthInit["logger"], generated: string | null): void {
  if (generated === null) {
    logger.info(`the user ${FIRST_ADMIN} was created with the password from authentication.admin_password`);
    return;
  }
  // In the text, because what is logged under the name of a secret does not show.
  logger.warn(
    `the user ${FIRST_ADMIN} was created with the password ${generated} — it is shown this once and stored nowhere; change it with: ncrsh-swarm user set ${FIRST_ADMIN}`,
  );
}
