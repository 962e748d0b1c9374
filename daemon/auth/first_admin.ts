/**
 * A swarm without users gets one, `admin`, from the node that leads it. Compare-and-set: should leaders change while it
 * happens, one of them wins, and only that one shows the password.
 */
import { ServiceError } from "../services/errors.js";
import type { Directory } from "./directory.js";
import type { Passwords } from "./passwords.js";
import { type User, userKey } from "./records.js";
import { newSecret } from "./secrets.js";

export const FIRST_ADMIN = "admin";
const EVERY_MS = 500;
/** 22 of 43 characters: 132 random bits, and still typed by hand if it must be. */
const GENERATED_CHARS = 22;

export interface FirstAdminParts {
  readonly directory: Directory;
  readonly passwords: Passwords;
  readonly leads: () => boolean;
  /** Empty: one is made. */
  readonly password: string;
  /** Told once; null: it was configured, and there is nothing to show. */
  readonly created: (generated: string | null) => void;
  readonly failed: (error: unknown) => void;
  readonly now: () => number;
}

export class FirstAdmin {
  private timer: NodeJS.Timeout | null = null;
  private trying = false;
  private stopped = false;
  private said = false;

  constructor(private readonly parts: FirstAdminParts) {}

  /** Looks until it is stopped. */
  start(): void {
    this.timer = setInterval(() => {
      if (this.trying) return;
      this.trying = true;
      void this.attempt().finally(() => {
        this.trying = false;
      });
    }, EVERY_MS);
    this.timer.unref();
  }

  /** What is under way may still wait for the swarm, and is not waited for. */
  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Never rejects. */
  private async attempt(): Promise<void> {
    const { directory, leads, failed } = this.parts;
    if (this.stopped || directory.records === null) return;
    // Looking costs nothing, so it goes on: two admins who delete each other at once leave nobody.
    if (directory.records.users.size > 0 || !leads()) return;
    try {
      // What another leader has committed is applied here before this one decides that there is nobody.
      if ((await directory.latest()).users.size === 0) await this.create();
    } catch (error) {
      // Tried again soon; said once.
      if (!this.stopped && !this.said) failed(error);
      this.said = true;
    }
  }

  private async create(): Promise<void> {
    const { directory, passwords, now, created } = this.parts;
    const generated = this.parts.password === "" ? newSecret().slice(0, GENERATED_CHARS) : null;
    const password = await passwords.hash(generated ?? this.parts.password);
    const user: User = { v: 1, password, role: "admin", createdAtMs: now(), sessions: [] };
    try {
      await directory.create(userKey(FIRST_ADMIN), user);
    } catch (error) {
      const name = error instanceof ServiceError ? error.name : null;
      if (name === "SETTING_CONFLICT") return;
      // It may have been committed all the same: then the record is this one, hash and all.
      if ((await directory.latest()).users.get(FIRST_ADMIN)?.password !== password) throw error;
    }
    created(generated);
  }
}
