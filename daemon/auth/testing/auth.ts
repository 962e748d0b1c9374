/** Authentication over a swarm of one, in a data folder of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../config/index.js";
import { type SettingsAlone, settingsAlone } from "../../settings/testing/alone.js";
import type { DirectoryPort } from "../directory.js";
import { type Auth, openAuth } from "../index.js";

export const ADMIN_PASSWORD = "a password for tests";

export interface TestAuth {
  readonly auth: Auth;
  readonly swarm: SettingsAlone;
  readonly dataDir: string;
  /** What was logged. */
  readonly logged: string[];
  /** Another node of the same swarm. */
  another(flags?: Record<string, string>, port?: DirectoryPort): Promise<Auth>;
  stop(): Promise<void>;
}

export interface TestAuthOptions {
  readonly flags?: Record<string, string>;
  readonly now?: () => number;
  /** Whether the node belongs to its swarm. */
  readonly member?: () => boolean;
}

export async function startTestAuth({
  flags = {},
  now = Date.now,
  member = () => true,
}: TestAuthOptions = {}): Promise<TestAuth> {
  const dataDir = await mkdtemp(join(tmpdir(), "ncrsh-auth-"));
  const swarm = await settingsAlone("a", true);
  const logged: string[] = [];
  const opened: Auth[] = [];
  const logger = {
    info: (...said: unknown[]) => void logged.push(String(said.at(-1))),
    warn: (...said: unknown[]) => void logged.push(String(said.at(-1))),
  };
  const open = async (self: string, more: Record<string, string>, port: DirectoryPort): Promise<Auth> => {
    const config = await loadConfig({
      env: {},
      flags: {
        "data-dir": join(dataDir, self),
        "authentication-admin-password": ADMIN_PASSWORD,
        ...more,
      },
    });
    const settings = () => (member() ? port : null);
    const leads = () => self === "a" && swarm.raft.status().role === "leader";
    const auth = await openAuth({ config, self, settings, leads, logger, now });
    opened.push(auth);
    return auth;
  };
  const auth = await open("a", flags, swarm.settings);
  return {
    auth,
    swarm,
    dataDir: join(dataDir, "a"),
    logged,
    another: (more = flags, port = swarm.settings) => open(`b${opened.length}`, more, port),
    stop: async () => {
      for (const each of opened) await each.stop();
      await swarm.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Resolves once the swarm has its first admin. */
export async function adminOf({ auth }: Pick<TestAuth, "auth">): Promise<void> {
  await auth.start("http://127.0.0.1:1");
  while (auth.service.users().total === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
