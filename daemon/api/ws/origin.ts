/** Browsers let a page of any origin open a WebSocket, and leave it to the server to refuse: here it is. */
import { ServiceError } from "../../services/errors.js";
import type { CorsConfig } from "../guards.js";

export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** @throws ServiceError ORIGIN_REFUSED */
export function checkOrigin(
  origin: string | undefined,
  host: string | undefined,
  cors: CorsConfig | null,
): void {
  if (origin === undefined || isOwnOrigin(origin, host)) return;
  if (cors !== null && (cors.origins.includes("*") || cors.origins.includes(origin))) return;
  const why = cors === null ? "api.cors_enabled is false" : "it is not in cors.origins";
  throw new ServiceError(
    "ORIGIN_REFUSED",
    `origin ${origin.slice(0, 256)} may not listen to the events: ${why}`,
  );
}
