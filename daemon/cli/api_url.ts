/** Where the node is, and whom to trust that it is the one: `--api` and `--ca` of every command that talks to one. */
import { readFile } from "node:fs/promises";
import { UsageError } from "./exit.js";

export const DEFAULT_API_URL = "http://127.0.0.1:8080";
export const API_URL_ENV = "NCRSH_SWARM_API_URL";

/** PEM file; Node's own `NODE_EXTRA_CA_CERTS` works as well. */
export const CA_ENV = "NCRSH_SWARM_CA";

/** @throws UsageError */
export async function readCa(path: string): Promise<string> {
  try {
    const pem = await readFile(path, "utf8");
    if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  } catch (error) {
    throw new UsageError(`--ca ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  throw new UsageError(`--ca ${path} holds no certificate`, "it must be a PEM file");
}

/** @returns the origin. @throws UsageError */
export function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url.origin;
  throw new UsageError(`--api ${text} is not an http URL`, `for example --api ${DEFAULT_API_URL}`);
}
