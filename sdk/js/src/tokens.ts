/** What a client proves with who it is: a token, a key, or a name and password that tokens are got with. */
import { failureOf } from "./failure.js";

export interface Credentials {
  /** A token from `auth.login`, or an API key. */
  readonly authToken?: string;
  /** Sent as `X-API-Key`. */
  readonly apiKey?: string;
  /** With `password`: the client logs in by itself, when it first needs to and when its tokens have run out. */
  readonly username?: string;
  readonly password?: string;
}

/** What `auth.login` and `auth.refresh` answer. */
export interface TokenAnswer {
  readonly token: string;
  readonly expires_in: number;
  readonly refresh_token: string;
}

/** Renewed this long before it runs out, or at half of its life where that is shorter. */
const RENEW_BEFORE_MS = 30_000;
/** Statuses with which a node says that a refresh token does not count. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403]);

type Fetch = typeof fetch;

export class Tokens {
  private token: string | null;
  private renewAtMs = Number.POSITIVE_INFINITY;
  private refreshToken: string | null = null;
  private renewing: Promise<void> | null = null;

  constructor(
    private readonly baseUrl: string,
    private readonly credentials: Credentials,
    private readonly fetch: Fetch,
    private readonly now: () => number = Date.now,
  ) {
    this.token = credentials.authToken ?? null;
  }

  /** Whether `renew` can get another token. */
  get renewable(): boolean {
    return this.refreshToken !== null || this.hasPassword;
  }

  async headers(signal?: AbortSignal): Promise<Record<string, string>> {
    const { apiKey } = this.credentials;
    if (apiKey !== undefined) return { "X-API-Key": apiKey };
    const token = await this.bearer(signal);
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  }

  /** A token that has not run out; null when there are no credentials. @throws SwarmApiError when they do not count */
  async bearer(signal?: AbortSignal): Promise<string | null> {
    if (this.credentials.apiKey !== undefined) return this.credentials.apiKey;
    const due = this.token === null ? this.hasPassword : this.now() >= this.renewAtMs && this.renewable;
    if (due) await this.renew(signal);
    return this.token;
  }

  /** What a login has answered counts from now on. */
  keep({ token, expires_in, refresh_token }: TokenAnswer): void {
    const lifeMs = expires_in * 1000;
    this.token = token;
    this.refreshToken = refresh_token;
    this.renewAtMs = this.now() + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 2);
  }

  forget(): void {
    this.token = null;
    this.refreshToken = null;
    this.renewAtMs = Number.POSITIVE_INFINITY;
  }

  /** Once, however many calls find at the same time that they need it. */
  renew(signal?: AbortSignal): Promise<void> {
    this.renewing ??= this.renewed(signal).finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private get hasPassword(): boolean {
    return this.credentials.username !== undefined && this.credentials.password !== undefined;
  }

  private async renewed(signal?: AbortSignal): Promise<void> {
    const { username, password } = this.credentials;
    if (this.refreshToken !== null) {
      const response = await this.post("/api/v1/auth/refresh", { refresh_token: this.refreshToken }, signal);
      if (response.ok) {
        this.keep((await response.json()) as TokenAnswer);
        return;
      }
      // Not now, or not by this node: it may still count later.
      if (!REFUSED.has(response.status)) throw await failureOf(response);
      // Revoked or too old: only a password helps then.
      this.refreshToken = null;
      if (!this.hasPassword) throw await failureOf(response);
      await response.body?.cancel();
    }
    const response = await this.post("/api/v1/auth/login", { username, password }, signal);
    if (!response.ok) throw await failureOf(response);
    this.keep((await response.json()) as TokenAnswer);
  }

  private post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    return this.fetch(this.baseUrl + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
