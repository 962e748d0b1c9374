/** Logins, users, API keys and public keys. No view has a hash in it, and a secret stands only in the answer that made it. */
import { z } from "zod";
import { naturalSchema, timeSchema, type View } from "./view.js";

const roleSchema = z.enum(["viewer", "operator", "admin"]);
const stampSchema = z.iso.datetime();

export const loginViewSchema = z
  .object({
    token: z.string().describe("Sent as `Authorization: Bearer …`."),
    token_type: z.literal("Bearer"),
    expires_at: stampSchema,
    expires_in: naturalSchema.describe("Seconds."),
    refresh_token: z.string().describe("Good for one call of /api/v1/auth/refresh."),
    refresh_expires_at: stampSchema,
    role: roleSchema,
    username: z.string(),
  })
  .meta({ id: "Login", description: "A token, and how to get the next one." });
export type LoginView = View<typeof loginViewSchema>;

export const meViewSchema = z
  .object({
    kind: z.enum(["anonymous", "user", "key"]),
    name: z.string(),
    role: roleSchema,
    expires_at: timeSchema.describe("When the credentials end; null: they do not."),
  })
  .meta({ id: "Me", description: "Who asks." });
export type MeView = View<typeof meViewSchema>;

export const jwksViewSchema = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal("RSA"),
        use: z.literal("sig"),
        alg: z.literal("RS256"),
        kid: z.string().describe("RFC 7638 thumbprint."),
        n: z.string(),
        e: z.string(),
      }),
    ),
  })
  .meta({
    id: "Jwks",
    description: "The public keys of the swarm's nodes (RFC 7517); empty where tokens are HS256.",
  });
export type JwksView = View<typeof jwksViewSchema>;

export const userViewSchema = z
  .object({ username: z.string(), role: roleSchema, created_at: stampSchema })
  .meta({ id: "User", description: "A person who may log in." });
export type UserView = View<typeof userViewSchema>;

export const userListViewSchema = z
  .object({ users: z.array(userViewSchema), total: naturalSchema, next_cursor: z.null() })
  .meta({ id: "UserList", description: "All users, by name." });
export type UserListView = View<typeof userListViewSchema>;

export const userDeletedViewSchema = z
  .object({ username: z.string(), status: z.literal("deleted") })
  .meta({ id: "UserDeleted", description: "A user who is no more." });
export type UserDeletedView = View<typeof userDeletedViewSchema>;

export const apiKeyViewSchema = z
  .object({ name: z.string(), role: roleSchema, created_at: stampSchema, expires_at: timeSchema })
  .meta({ id: "ApiKey", description: "A key for a machine; the key itself is never shown again." });
export type ApiKeyView = View<typeof apiKeyViewSchema>;

export const apiKeyCreatedViewSchema = z
  .object({
    ...apiKeyViewSchema.shape,
    key: z.string().describe("Shown this once. Sent as `Authorization: Bearer …` or `X-API-Key`."),
  })
  .meta({ id: "ApiKeyCreated", description: "A new key for a machine." });
export type ApiKeyCreatedView = View<typeof apiKeyCreatedViewSchema>;

export const apiKeyListViewSchema = z
  .object({ keys: z.array(apiKeyViewSchema), total: naturalSchema, next_cursor: z.null() })
  .meta({ id: "ApiKeyList", description: "All API keys, by name." });
export type ApiKeyListView = View<typeof apiKeyListViewSchema>;

export const apiKeyDeletedViewSchema = z
  .object({ name: z.string(), status: z.literal("deleted") })
  .meta({ id: "ApiKeyDeleted", description: "An API key that is no more." });
export type ApiKeyDeletedView = View<typeof apiKeyDeletedViewSchema>;
