/** The doorkeeper of the measured server: a node's own, over a swarm of one in a folder of its own. */
import { type Doorkeeper, openDoor } from "../../../daemon/api/caller.js";
import { ADMIN_PASSWORD, adminOf, startTestAuth } from "../../../daemon/auth/testing/auth.js";

export interface BenchKeeper {
  readonly keeper: Doorkeeper;
  /** Null: none is needed. */
  readonly token: string | null;
  stop(): Promise<void>;
}

export async function benchKeeper(kind: string): Promise<BenchKeeper> {
  if (kind === "open") return { keeper: openDoor, token: null, stop: async () => undefined };
  if (kind !== "jwt") throw new Error(`--keeper: expected jwt or open, not ${kind}`);
  const started = await startTestAuth();
  await adminOf(started);
  const { keeper, service } = started.auth;
  const { token } = await service.login({ username: "admin", password: ADMIN_PASSWORD }, "127.0.0.1");
  return { keeper, token, stop: started.stop };
}
