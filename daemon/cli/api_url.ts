/** Where the node is: the `--api` of every command that talks to one. */
import { UsageError } from "./exit.js";

export const DEFAULT_API_URL = "http://127.0.0.1:8080";
export const API_URL_ENV = "NCRSH_SWARM_API_URL";

/** @returns the origin. @throws UsageError */
export function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url.origin;
  throw new UsageError(`--api ${text} is not an http URL`, `for example --api ${DEFAULT_API_URL}`);
}
