/** Logins, users and API keys, for the doors. `daemon/auth` does it; this is what is asked of it. */
import { ServiceError } from "./errors.js";
import type {
  ApiKeyCreatedView,
  ApiKeyDeletedView,
  ApiKeyListView,
  JwksView,
  LoginView,
  UserDeletedView,
  UserListView,
  UserView,
} from "./views/auth.js";

export type RoleName = UserView["role"];

/** Every method that needs the swarm may reject with NOT_READY, NETWORK_PARTITION and CONSENSUS_FAILED. */
export interface AuthService {
  /** @param address of the client, for the lock-out. @throws ServiceError LOGIN_FAILED, RATE_LIMITED, SETTINGS_FULL, AUTHENTICATION_OFF */
  login(
    request: { readonly username: string; readonly password: string },
    address: string,
  ): Promise<LoginView>;
  /** @throws ServiceError LOGIN_FAILED, AUTHENTICATION_OFF */
  refresh(refreshToken: string): Promise<LoginView>;
  /**
   * Ends the login of the caller, and that of the refresh token, with all their tokens.
   * @throws ServiceError INVALID_REQUEST when there is none to end, AUTHENTICATION_OFF
   */
  logout(
    caller: { readonly name: string; readonly session: string | null },
    refreshToken: string | null,
  ): Promise<void>;
  /** @throws ServiceError NOT_READY */
  jwks(): JwksView;
  /** @throws ServiceError NOT_READY */
  users(): UserListView;
  /** @throws ServiceError USER_EXISTS, AUTH_FULL, SETTINGS_FULL, RATE_LIMITED */
  createUser(request: {
    readonly username: string;
    readonly password: string;
    readonly role: RoleName;
  }): Promise<UserView>;
  /** A new password ends the user's logins; a new role counts at once. @throws ServiceError USER_NOT_FOUND, LAST_ADMIN, RATE_LIMITED */
  updateUser(
    username: string,
    change: { readonly password?: string | undefined; readonly role?: RoleName | undefined },
  ): Promise<UserView>;
  /** @throws ServiceError USER_NOT_FOUND, LAST_ADMIN */
  deleteUser(username: string): Promise<UserDeletedView>;
  /** @throws ServiceError NOT_READY */
  keys(): ApiKeyListView;
  /** @param expiresInMs null: it does not expire. @throws ServiceError KEY_EXISTS, AUTH_FULL, SETTINGS_FULL */
  createKey(request: {
    readonly name: string;
    readonly role: RoleName;
    readonly expiresInMs: number | null;
  }): Promise<ApiKeyCreatedView>;
  /** @throws ServiceError KEY_NOT_FOUND */
  deleteKey(name: string): Promise<ApiKeyDeletedView>;
}

function off(): never {
  const message =
    "authentication.provider is none on this node: everybody is admin, and there is nothing to log in to";
  throw new ServiceError("AUTHENTICATION_OFF", message);
}

/** Of a node with `authentication.provider: none`. */
export const authenticationOff: AuthService = {
  login: async () => off(),
  refresh: async () => off(),
  logout: async () => off(),
  jwks: () => ({ keys: [] }),
  users: off,
  createUser: async () => off(),
  updateUser: async () => off(),
  deleteUser: async () => off(),
  keys: off,
  createKey: async () => off(),
  deleteKey: async () => off(),
};
