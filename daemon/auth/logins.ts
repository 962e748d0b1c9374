/** Logging in, renewing and logging out. */
import { ServiceError } from "../services/errors.js";
import type { LoginView } from "../services/views/auth.js";
import type { Directory } from "./directory.js";
import type { Lockout } from "./lockout.js";
import type { Passwords } from "./passwords.js";
import type { KeyPublisher } from "./publisher.js";
import { nameSchema, stampOf, type User } from "./records.js";
import {
  type Begun,
  begin,
  parseRefreshToken,
  type RefreshToken,
  renew,
  withoutSession,
} from "./sessions.js";
import type { Tokens } from "./tokens.js";

export interface LoginParts {
  readonly directory: Directory;
  readonly tokens: Tokens;
  readonly publisher: KeyPublisher;
  readonly passwords: Passwords;
  readonly lockout: Lockout;
  readonly tokenExpiryMs: number;
  readonly refreshExpiryMs: number;
  readonly now: () => number;
}

/** One answer, whether the user or the password is wrong. */
const WRONG = "the user name or the password is wrong";
const OVER = "the refresh token does not count any more; log in again with POST /api/v1/auth/login";

export class Logins {
  constructor(private readonly parts: LoginParts) {}

  async login(username: string, password: string, address: string): Promise<LoginView> {
    const { directory, lockout, passwords } = this.parts;
    const name = nameSchema.safeParse(username).data ?? "";
    this.mayTry(name, address);
    const user = directory.present().users.get(name) ?? null;
    if (!(await passwords.matches(user?.password ?? null, password)) || user === null) {
      lockout.failed(name, address);
      throw new ServiceError("LOGIN_FAILED", WRONG);
    }
    lockout.succeeded(name, address);
    return this.committed(name, (present, nowMs) => {
      // Changed or deleted while the password was being checked.
      if (present.password !== user.password) throw new ServiceError("LOGIN_FAILED", WRONG);
      return begin(name, present, nowMs, this.sessionMs);
    });
  }

  async refresh(text: string): Promise<LoginView> {
    const token = parseRefreshToken(text);
    if (token === null) throw new ServiceError("LOGIN_FAILED", OVER);
    let replayed: RefreshToken | null = null;
    try {
      return await this.committed(token.username, (user, nowMs) => {
        const renewal = renew(token, user, nowMs, this.sessionMs);
        if (renewal.kind === "renewed") return renewal;
        replayed = renewal.kind === "replayed" ? token : null;
        throw new ServiceError("LOGIN_FAILED", OVER);
      });
    } catch (error) {
      if (replayed !== null) await this.end(token.username, token.session);
      throw error;
    }
  }

  async logout(name: string, session: string | null, refreshToken: string | null): Promise<void> {
    const token = refreshToken === null ? null : parseRefreshToken(refreshToken);
    if (session === null && token === null) {
      const message =
        "there is no login to end: an API key is deleted instead, with DELETE /api/v1/auth/keys/{name}";
      throw new ServiceError("INVALID_REQUEST", message);
    }
    if (session !== null) await this.end(name, session);
    // Whoever holds a token that still renews may end its login; of any other nothing is said.
    if (token !== null && token.session !== session && this.renews(token)) {
      await this.end(token.username, token.session);
    }
  }

  private renews(token: RefreshToken): boolean {
    const user = this.parts.directory.present().users.get(token.username);
    return user !== undefined && renew(token, user, this.parts.now(), this.sessionMs).kind === "renewed";
  }

  /** The swarm knows of the login, and of the key that signs for it, before anybody gets a token. */
  private async committed(name: string, change: (user: User, nowMs: number) => Begun): Promise<LoginView> {
    const { directory, tokens, publisher, tokenExpiryMs, now } = this.parts;
    await publisher.published();
    const begun = directory.changeUser(name, (present) => change(present, now()));
    const { user, session, refreshToken } = await begun.catch((error: unknown) => {
      // Whether there is such a user is for nobody to find out here.
      const absent = error instanceof ServiceError && error.name === "USER_NOT_FOUND";
      throw absent ? new ServiceError("LOGIN_FAILED", OVER) : error;
    });
    const expiresAtMs = now() + tokenExpiryMs;
    return {
      token: await tokens.sign(name, session.id, expiresAtMs),
      token_type: "Bearer",
      expires_at: stampOf(expiresAtMs),
      expires_in: Math.floor(tokenExpiryMs / 1000),
      refresh_token: refreshToken,
      refresh_expires_at: stampOf(session.endsAtMs),
      role: user.role,
      username: name,
    };
  }

  private async end(name: string, session: string): Promise<void> {
    await this.parts.directory.changeUser(name, (user) => ({ user: withoutSession(user, session) }));
  }

  /** A login lives as long as its longest token. */
  private get sessionMs(): number {
    return Math.max(this.parts.refreshExpiryMs, this.parts.tokenExpiryMs);
  }

  private mayTry(name: string, address: string): void {
    const waitMs = this.parts.lockout.waitMs(name, address);
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    const message = `too many logins have failed: the next one is looked at in ${seconds} s`;
    throw new ServiceError("RATE_LIMITED", message, { retry_after_seconds: seconds });
  }
}
