/** Shared secrets in an `Authorization` header. */
import { createHash, timingSafeEqual } from "node:crypto";
import { DaemonError } from "../errors.js";
import { nodeFs, readSmallFile } from "../store/store_fs.js";

/** Of `api.metrics_token_file`; a longer one is refused. */
const TOKEN_FILE_BYTES_MAX = 4096;

/** Whether `header` is `Bearer <token>`. Takes the same time wherever the two differ, and whatever their lengths. */
export function isToken(header: string, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

interface MetricsTokenConfig {
  /** Empty: none. */
  readonly metricsToken: string;
  readonly metricsTokenFile: string | null;
}

/** What `/metrics` asks for; null: nothing. @throws DaemonError CONFIG_INVALID */
export async function readMetricsToken(config: MetricsTokenConfig): Promise<string | null> {
  const { metricsToken, metricsTokenFile: path } = config;
  if (path === null) return metricsToken === "" ? null : metricsToken;
  const refused = (why: string, cause?: unknown) =>
    new DaemonError("CONFIG_INVALID", `api.metrics_token_file: ${path} ${why}`, { path }, { cause });
  const bytes = await readSmallFile(nodeFs, path, TOKEN_FILE_BYTES_MAX).catch((error: unknown) => {
    throw refused(`cannot be read: ${error instanceof Error ? error.message : error}`, error);
  });
  const token = new TextDecoder().decode(bytes).trim();
  if (/^[!-~]{16,512}$/.test(token)) return token;
  throw refused("must hold one token of 16 to 512 printable characters without spaces");
}
