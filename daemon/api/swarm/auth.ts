/** Logins, users and API keys. */
import { z } from "zod";
import { nameSchema } from "../../auth/records.js";
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "../../config/authentication.js";
import { parseDurationMs } from "../../config/units.js";
import {
  apiKeyCreatedViewSchema,
  apiKeyDeletedViewSchema,
  apiKeyListViewSchema,
  jwksViewSchema,
  loginViewSchema,
  meViewSchema,
  userDeletedViewSchema,
  userListViewSchema,
  userViewSchema,
} from "../../services/views/auth.js";
import { isoTime } from "../../services/views/common.js";
import { ROLES } from "../caller.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";

const SWARM = ["NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"] as const;
const KEY_EXPIRY_MS_MAX = 10 * 365 * 86_400_000;
/** Longer than any refresh token. */
const REFRESH_CHARS_MAX = 256;

const role = z.enum(ROLES);
const password = z
  .string()
  .min(PASSWORD_CHARS_MIN)
  .max(PASSWORD_CHARS_MAX)
  .describe(`${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters`);
const refreshToken = z.string().min(1).max(REFRESH_CHARS_MAX);
const userParams = z.strictObject({ username: nameSchema });
const keyName = nameSchema.refine((name) => name !== "local", {
  error: "local is the name of the key that each node makes for its own machine",
});
const expiresIn = z
  .string()
  .max(32)
  .describe("A duration such as 30m, 24h or 720h; left out: it does not expire")
  .refine(
    (text) => {
      const ms = parseDurationMs(text);
      return ms !== null && ms >= 1000 && ms <= KEY_EXPIRY_MS_MAX;
    },
    { error: "expected a duration such as 30m, 24h or 720h, from 1s to 87600h" },
  );

const AT = "2026-11-24T03:40:37.825Z";
const LATER = "2026-11-25T03:40:37.825Z";
const loginExample = {
  token: "eyJhbGciOiJSUzI1NiIs…",
  token_type: "Bearer",
  expires_at: LATER,
  expires_in: 86_400,
  refresh_token: "ncrsh_refresh_qT1mC0n8bYx2RkVd.0vXc…",
  refresh_expires_at: "2026-12-01T03:40:37.825Z",
  role: "admin",
  username: "admin",
} as const;
const userExample = { username: "ada", role: "operator", created_at: AT } as const;
const keyExample = { name: "ci", role: "operator", created_at: AT, expires_at: LATER } as const;

const loginRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/auth/login",
    id: "auth.login",
    summary: "Log in with a user's name and password",
    role: "public",
    rate: "login",
    bodyBytes: 4096,
    answers: { 200: loginViewSchema },
    errors: ["LOGIN_FAILED", "AUTHENTICATION_OFF", "SETTINGS_FULL", ...SWARM],
    example: { body: { username: "admin", password: "your_password" }, answer: loginExample },
    body: z.strictObject({
      username: z.string().min(1).max(128),
      password: z.string().min(1).max(PASSWORD_CHARS_MAX),
    }),
    handle: async ({ services, body, address }) => json(await services.auth.login(body, address)),
  }),
  route({
    method: "POST",
    path: "/api/v1/auth/refresh",
    id: "auth.refresh",
    summary: "Trade a refresh token, which then is used up, for new tokens",
    role: "public",
    rate: "login",
    bodyBytes: 4096,
    answers: { 200: loginViewSchema },
    errors: ["LOGIN_FAILED", "AUTHENTICATION_OFF", "SETTINGS_FULL", ...SWARM],
    example: { body: { refresh_token: "ncrsh_refresh_qT1mC0n8bYx2RkVd.0vXc…" }, answer: loginExample },
    body: z.strictObject({ refresh_token: refreshToken }),
    handle: async ({ services, body }) => json(await services.auth.refresh(body.refresh_token)),
  }),
  route({
    method: "POST",
    path: "/api/v1/auth/logout",
    id: "auth.logout",
    summary: "End the login that the token comes from, with all its tokens, on every node",
    role: "viewer",
    bodyBytes: 4096,
    answers: { 204: "Logged out" },
    errors: ["AUTHENTICATION_OFF", "USER_NOT_FOUND", ...SWARM],
    example: { body: {} },
    body: z.strictObject({ refresh_token: refreshToken.optional() }).optional(),
    handle: async ({ services, caller, body }) => {
      const { name, session = null } = caller;
      await services.auth.logout({ name, session }, body?.refresh_token ?? null);
      return json(undefined, 204);
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/auth/me",
    id: "auth.me",
    summary: "Who the caller is, and what it may do",
    role: "viewer",
    answers: { 200: meViewSchema },
    example: { answer: { kind: "user", name: "admin", role: "admin", expires_at: LATER } },
    handle: ({ caller }) => {
      const { kind, name, expiresAtMs } = caller;
      return json({ kind, name, role: caller.role, expires_at: expiresAtMs ? isoTime(expiresAtMs) : null });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/auth/jwks",
    id: "auth.jwks",
    summary: "The public keys that tokens of this swarm are signed with (RFC 7517)",
    role: "public",
    answers: { 200: jwksViewSchema },
    errors: ["NOT_READY"],
    example: {
      answer: {
        keys: [
          {
            kty: "RSA",
            use: "sig",
            alg: "RS256",
            kid: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            n: "0vx7agoebGcQ…",
            e: "AQAB",
          },
        ],
      },
    },
    handle: ({ services }) => json(services.auth.jwks()),
  }),
];

const userRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/auth/users",
    id: "auth.users",
    summary: "List the users",
    role: "admin",
    answers: { 200: userListViewSchema },
    errors: ["AUTHENTICATION_OFF", "NOT_READY"],
    example: { answer: { users: [userExample], total: 1, next_cursor: null } },
    handle: ({ services }) => json(services.auth.users()),
  }),
  route({
    method: "POST",
    path: "/api/v1/auth/users",
    id: "auth.create_user",
    summary: "Create a user",
    role: "admin",
    answers: { 201: userViewSchema },
    errors: ["USER_EXISTS", "AUTH_FULL", "SETTINGS_FULL", "AUTHENTICATION_OFF", ...SWARM],
    links: [
      { to: "auth.update_user", from: "/username", into: "path.username" },
      { to: "auth.delete_user", from: "/username", into: "path.username" },
    ],
    example: {
      body: { username: "ada", password: "correct horse battery", role: "operator" },
      answer: userExample,
    },
    body: z.strictObject({ username: nameSchema, password, role }),
    handle: async ({ services, body }) => json(await services.auth.createUser(body), 201),
  }),
  route({
    method: "PUT",
    path: "/api/v1/auth/users/:username",
    id: "auth.update_user",
    summary: "Change a user's password, which ends its logins, or role, which counts at once",
    role: "admin",
    params: userParams,
    answers: { 200: userViewSchema },
    errors: ["USER_NOT_FOUND", "LAST_ADMIN", "SETTINGS_FULL", "AUTHENTICATION_OFF", ...SWARM],
    example: { params: { username: "ada" }, body: { role: "operator" }, answer: userExample },
    body: z
      .strictObject({ password: password.optional(), role: role.optional() })
      .refine((change) => change.password !== undefined || change.role !== undefined, {
        error: "expected a password, a role, or both",
      }),
    handle: async ({ services, params, body }) => json(await services.auth.updateUser(params.username, body)),
  }),
  route({
    method: "DELETE",
    path: "/api/v1/auth/users/:username",
    id: "auth.delete_user",
    summary: "Delete a user, whose tokens end with it",
    role: "admin",
    params: userParams,
    answers: { 200: userDeletedViewSchema },
    errors: ["USER_NOT_FOUND", "LAST_ADMIN", "AUTHENTICATION_OFF", ...SWARM],
    example: { params: { username: "ada" }, answer: { username: "ada", status: "deleted" } },
    handle: async ({ services, params }) => json(await services.auth.deleteUser(params.username)),
  }),
];

const keyRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/auth/keys",
    id: "auth.keys",
    summary: "List the API keys, without what they are",
    role: "admin",
    answers: { 200: apiKeyListViewSchema },
    errors: ["AUTHENTICATION_OFF", "NOT_READY"],
    example: { answer: { keys: [keyExample], total: 1, next_cursor: null } },
    handle: ({ services }) => json(services.auth.keys()),
  }),
  route({
    method: "POST",
    path: "/api/v1/auth/keys",
    id: "auth.create_key",
    summary: "Create an API key, which only this answer shows",
    role: "admin",
    answers: { 201: apiKeyCreatedViewSchema },
    errors: ["KEY_EXISTS", "AUTH_FULL", "SETTINGS_FULL", "AUTHENTICATION_OFF", ...SWARM],
    links: [{ to: "auth.delete_key", from: "/name", into: "path.name" }],
    example: {
      body: { name: "ci", role: "operator", expires_in: "24h" },
      answer: { ...keyExample, key: "ncrsh_key_Jm0z….ci" },
    },
    body: z.strictObject({ name: keyName, role, expires_in: expiresIn.optional() }),
    handle: async ({ services, body: { name, role, expires_in: text } }) => {
      const expiresInMs = text === undefined ? null : parseDurationMs(text);
      return json(await services.auth.createKey({ name, role, expiresInMs }), 201);
    },
  }),
  route({
    method: "DELETE",
    path: "/api/v1/auth/keys/:name",
    id: "auth.delete_key",
    summary: "Delete an API key, which counts no more from then on",
    role: "admin",
    params: z.strictObject({ name: nameSchema }),
    answers: { 200: apiKeyDeletedViewSchema },
    errors: ["KEY_NOT_FOUND", "AUTHENTICATION_OFF", ...SWARM],
    example: { params: { name: "ci" }, answer: { name: "ci", status: "deleted" } },
    handle: async ({ services, params }) => json(await services.auth.deleteKey(params.name)),
  }),
];

export const authRoutes: readonly Route[] = [...loginRoutes, ...userRoutes, ...keyRoutes];
