/** Who asks: what a door knows of the other side once its credentials have been looked at. */
import type { IncomingHttpHeaders } from "node:http";

/** From the least to the most: each may do what those before it may. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface Caller {
  readonly kind: "anonymous" | "user" | "key";
  /** A user's or a key's name; `anonymous` for nobody in particular. */
  readonly name: string;
  /** Null: may see only what is public. */
  readonly role: Role | null;
  /** Why the credentials that came along do not count, in plain words; null: they do, or there were none. */
  readonly refusal: string | null;
  /** What the caller may be told apart by, for limits: `user:ada`, `key:ci`, or the address of who has no name. */
  readonly id: string;
  /** When the credentials end, in ms since the epoch; null or left out: they do not. */
  readonly expiresAtMs?: number | null;
  /** The login that a user's token came from; what a logout ends. */
  readonly session?: string;
}

/** What is looked at to know who asks. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders;
  /** IP address of the client: the socket's, or what a trusted proxy says. */
  readonly address: string;
  /** A token from elsewhere than the headers, such as a WebSocket's first message; null: there is none. */
  readonly token: string | null;
}

/** Tells who a caller is. Never throws for bad credentials: a caller with a `refusal` is what they give. */
export interface Doorkeeper {
  identify(credentials: Credentials): Promise<Caller>;
}

/** `authentication.provider: none`: whoever reaches the door may do everything. For loopback only. */
export const openDoor: Doorkeeper = {
  identify: async ({ address }) => ({
    kind: "anonymous",
    name: "anonymous",
    role: "admin",
    refusal: null,
    id: `address:${address}`,
  }),
};

/** Whether `role` is enough where `needed` is demanded. */
export function mayAct(role: Role | null, needed: Role | "public"): boolean {
  if (needed === "public") return true;
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
