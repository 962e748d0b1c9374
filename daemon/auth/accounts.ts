/** Users and API keys: listed, made, changed and deleted. */
import type { AuthService, RoleName } from "../services/auth.js";
import { ServiceError } from "../services/errors.js";
import type { ApiKeyCreatedView, ApiKeyView, UserView } from "../services/views/auth.js";
import { newApiKey } from "./api_keys.js";
import type { Directory } from "./directory.js";
import { AUTH_LIMITS } from "./limits.js";
import type { Passwords } from "./passwords.js";
import { type ApiKey, apiKeyKey, stampOf, type User, userKey } from "./records.js";

type Accounts = Pick<
  AuthService,
  "users" | "createUser" | "updateUser" | "deleteUser" | "keys" | "createKey" | "deleteKey"
>;

export function accounts(directory: Directory, passwords: Passwords, now: () => number): Accounts {
  return {
    users: () => {
      const users = [...directory.present().users].map(([name, user]) => userView(name, user));
      return { users, total: users.length, next_cursor: null };
    },
    createUser: async ({ username, password, role }) => {
      const { users } = await directory.latest();
      requireRoom(users.size, AUTH_LIMITS.users, "users");
      if (users.has(username)) throw userExists(username);
      const user: User = {
        v: 1,
        password: await passwords.hash(password),
        role,
        createdAtMs: now(),
        sessions: [],
      };
      await directory.create(userKey(username), user).catch(taken(() => userExists(username)));
      return userView(username, user);
    },
    updateUser: async (username, { password, role }) => {
      await directory.latest();
      const hash = password === undefined ? null : await passwords.hash(password);
      const changed = await directory.changeUser(username, (user) => {
        if (role !== undefined && role !== "admin") requireOtherAdmin(directory, username);
        const next = { ...user, role: role ?? user.role };
        return { user: hash === null ? next : { ...next, password: hash, sessions: [] } };
      });
      return userView(username, changed.user);
    },
    deleteUser: async (username) => {
      const { users } = await directory.latest();
      if (!users.has(username)) {
        throw new ServiceError("USER_NOT_FOUND", `there is no user ${username}`, { username });
      }
      requireOtherAdmin(directory, username);
      await directory
        .remove(userKey(username))
        .catch(gone(() => new ServiceError("USER_NOT_FOUND", `there is no user ${username}`, { username })));
      return { username, status: "deleted" };
    },
    keys: () => {
      const keys = [...directory.present().apiKeys].map(([name, key]) => apiKeyView(name, key));
      return { keys, total: keys.length, next_cursor: null };
    },
    createKey: async ({ name, role, expiresInMs }) => createKey(directory, now, name, role, expiresInMs),
    deleteKey: async (name) => {
      const absent = () => new ServiceError("KEY_NOT_FOUND", `there is no API key ${name}`, { name });
      if (!(await directory.latest()).apiKeys.has(name)) throw absent();
      await directory.remove(apiKeyKey(name)).catch(gone(absent));
      return { name, status: "deleted" };
    },
  };
}

async function createKey(
  directory: Directory,
  now: () => number,
  name: string,
  role: RoleName,
  expiresInMs: number | null,
): Promise<ApiKeyCreatedView> {
  const { apiKeys } = await directory.latest();
  const exists = () => new ServiceError("KEY_EXISTS", `there is an API key ${name} already`, { name });
  if (apiKeys.has(name)) throw exists();
  requireRoom(apiKeys.size, AUTH_LIMITS.apiKeys, "API keys");
  const { key, hash } = newApiKey(name);
  const createdAtMs = now();
  const expiresAtMs = expiresInMs === null ? null : createdAtMs + expiresInMs;
  const record: ApiKey = { v: 1, hash, role, createdAtMs, expiresAtMs };
  await directory.create(apiKeyKey(name), record).catch(taken(exists));
  return { ...apiKeyView(name, record), key };
}

/** Somebody has to be able to let others in. Two admins who delete each other at once both succeed; see SECURITY.md. */
function requireOtherAdmin(directory: Directory, username: string): void {
  const { users } = directory.present();
  if (users.get(username)?.role !== "admin") return;
  const others = [...users].filter(([name, { role }]) => role === "admin" && name !== username);
  if (others.length > 0) return;
  const message = `${username} is the last admin: make another user admin first`;
  throw new ServiceError("LAST_ADMIN", message, { username });
}

function requireRoom(size: number, max: number, what: string): void {
  if (size < max) return;
  throw new ServiceError("AUTH_FULL", `there are ${max} ${what} already, no more fit: delete one first`, {
    max,
  });
}

function userExists(username: string): ServiceError {
  return new ServiceError("USER_EXISTS", `there is a user ${username} already`, { username });
}

/** For a `catch`: what the settings call a conflict, or absent, in the words of this door. */
const renamed = (from: string) => (make: () => ServiceError) => (error: unknown) => {
  throw error instanceof ServiceError && error.name === from ? make() : error;
};
const taken = renamed("SETTING_CONFLICT");
const gone = renamed("SETTING_NOT_FOUND");

function userView(username: string, { role, createdAtMs }: User): UserView {
  return { username, role, created_at: stampOf(createdAtMs) };
}

function apiKeyView(name: string, { role, createdAtMs, expiresAtMs }: ApiKey): ApiKeyView {
  const expires = expiresAtMs === null ? null : stampOf(expiresAtMs);
  return { name, role, created_at: stampOf(createdAtMs), expires_at: expires };
}
