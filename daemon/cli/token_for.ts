/** The token that a command sends: as told, or as kept by `login`, or that of a node on this machine. */
import { apiFolder, readLocalAccess } from "../auth/local_key.js";
import { absolutePath } from "../config/node.js";
import { DaemonError } from "../errors.js";
import type { LoginView } from "../services/views/auth.js";
import { ApiClient } from "./client.js";
import type { ClientArgs } from "./context.js";
import { forgetLogin, type KeptLogin, keepLogin, keptLogin } from "./credentials.js";
import type { Io } from "./io.js";
import { TOKEN_ENV } from "./token.js";

/** A token that ends within this time is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;

/** @returns null when there is none: then the node says how to get one, where it wants one */
export async function tokenFor(
  env: Io["env"],
  url: string,
  { token, "data-dir": dataDir }: Pick<ClientArgs, "token" | "data-dir">,
  ca: string | null,
): Promise<string | null> {
  const told = token || env[TOKEN_ENV];
  if (told) return told;
  const kept = await keptLogin(env, url);
  const current = kept === null ? null : await currentToken(env, url, kept, ca);
  return current ?? localToken(url, dataDir);
}

async function currentToken(
  env: Io["env"],
  url: string,
  kept: KeptLogin,
  ca: string | null,
): Promise<string | null> {
  if (Date.parse(kept.expires_at) - RENEW_BEFORE_MS > Date.now()) return kept.token;
  if (Date.parse(kept.refresh_expires_at) <= Date.now()) return null;
  const client = new ApiClient(url, null, ca);
  try {
    const body = { refresh_token: kept.refresh_token };
    const login = await client.post<LoginView>("/api/v1/auth/refresh", body);
    await keepLogin(env, url, login);
    return login.token;
  } catch (error) {
    // Logged out elsewhere: what is kept is of no use. A node that only cannot say now may be asked again.
    const over = error instanceof DaemonError && error.facts.name === "LOGIN_FAILED";
    if (over) await forgetLogin(env, url);
    return null;
  } finally {
    await client.close();
  }
}

/** The key that a node leaves in its data folder, if it is this node that is asked. */
async function localToken(url: string, dataDir: string): Promise<string | null> {
  if (!isLoopbackUrl(url)) return null;
  const local = await readLocalAccess(apiFolder(absolutePath(dataDir)));
  return local !== null && sameAddress(local.address, url) ? local.key : null;
}

function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** `localhost` may be either of the two; a node that listens on all addresses is on loopback too. */
function sameAddress(written: string, asked: string): boolean {
  if (!URL.canParse(written)) return false;
  const [a, b] = [new URL(written), new URL(asked)];
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  const everywhere = ["0.0.0.0", "[::]"].includes(a.hostname);
  return everywhere || a.hostname === b.hostname || (b.hostname === "localhost" && isLoopbackUrl(written));
}
