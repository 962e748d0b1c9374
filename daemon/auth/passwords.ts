/** argon2id (RFC 9106) with OWASP's parameters, never many at a time: each takes 19 MiB and tens of milliseconds. */
import { hash, verify } from "@node-rs/argon2";
import { ServiceError } from "../services/errors.js";
import { AUTH_LIMITS } from "./limits.js";
import { newSecret } from "./secrets.js";

/** KiB, passes, threads. The library's default algorithm is argon2id. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummy: Promise<string> | null = null;

  /** @returns PHC string. @throws ServiceError RATE_LIMITED when too many wait */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password, PARAMETERS));
  }

  /**
   * @param hashed null: there is no such user; takes as long as if there were one
   * @throws ServiceError RATE_LIMITED when too many wait
   */
  async matches(hashed: string | null, password: string): Promise<boolean> {
    return this.inTurn(async () => {
      this.dummy ??= hash(newSecret(), PARAMETERS);
      const right = await verify(hashed ?? (await this.dummy), password);
      return hashed !== null && right;
    });
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= AUTH_LIMITS.hashing) {
      if (this.waiting.length >= AUTH_LIMITS.hashingQueue) {
        const message = "too many passwords are being checked already: try again in a second";
        throw new ServiceError("RATE_LIMITED", message, { retry_after_seconds: 1 });
      }
      // Whoever ends hands its place on, so `running` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
