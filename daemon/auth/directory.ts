/** The records behind authentication as this node has applied them, and their changes: each a compare-and-set. */
import { isDeepStrictEqual } from "node:util";
import { type JsonValue, settingOf } from "../../consensus/control/index.js";
import { ServiceError } from "../services/errors.js";
import type { SettingsPort } from "../services/settings.js";
import { AUTH_LIMITS } from "./limits.js";
import { type AuthRecords, recordsOf, type User, userKey, userOf } from "./records.js";

export type DirectoryPort = Pick<SettingsPort, "state" | "read" | "set" | "delete">;

export class Directory {
  private parsed: { readonly of: object; readonly records: AuthRecords } | null = null;
  private asking: Promise<void> | null = null;
  private askedAtMs = Number.NEGATIVE_INFINITY;

  /** @param port null: this node belongs to no swarm yet */
  constructor(
    private readonly port: () => DirectoryPort | null,
    private readonly now: () => number = Date.now,
  ) {}

  get ready(): boolean {
    return this.port() !== null;
  }

  /** As applied here; null: this node belongs to no swarm yet. */
  get records(): AuthRecords | null {
    const settings = this.port()?.state ?? null;
    if (settings === null) return null;
    if (this.parsed?.of !== settings) this.parsed = { of: settings, records: recordsOf(settings) };
    return this.parsed.records;
  }

  /** @throws ServiceError NOT_READY */
  present(): AuthRecords {
    return this.records ?? recordsOf(this.swarm().state);
  }

  /** Has this node know what the swarm knew when this was called. @throws ServiceError NOT_READY, NETWORK_PARTITION, CONSENSUS_FAILED */
  async latest(): Promise<AuthRecords> {
    await this.swarm().read();
    return this.present();
  }

  /**
   * Another node may have written what a token names a moment ago. Asked seldom and waited for briefly, whoever
   * sends what; a node that is cut off goes on with what it knows.
   */
  async catchUp(): Promise<void> {
    const port = this.port();
    if (port === null) return;
    if (this.asking === null) {
      if (this.now() - this.askedAtMs < AUTH_LIMITS.catchUpEveryMs) return;
      this.askedAtMs = this.now();
      this.asking = port
        .read()
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => {
          this.asking = null;
        });
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, AUTH_LIMITS.catchUpMs);
    });
    await Promise.race([this.asking, late]);
    clearTimeout(timer);
  }

  /** @throws ServiceError SETTING_CONFLICT when there is one already, and as `SwarmSettings.set` */
  async create(key: string, record: object): Promise<void> {
    await this.swarm().set(key, record as JsonValue, 0);
  }

  /** Whatever there is. */
  async put(key: string, record: object): Promise<void> {
    await this.swarm().set(key, record as JsonValue, null);
  }

  /** @throws ServiceError SETTING_NOT_FOUND, and as `SwarmSettings.delete` */
  async remove(key: string): Promise<void> {
    await this.swarm().delete(key, null);
  }

  /**
   * Replaces a user's record by what `change` makes of it; again when somebody else has replaced it meanwhile.
   * @param change may throw: then nothing is changed. What it makes of a record of which nothing changes is not written
   * @returns what `change` has made of the record that was replaced
   * @throws ServiceError USER_NOT_FOUND, NOT_READY, NETWORK_PARTITION, CONSENSUS_FAILED, SETTINGS_FULL
   */
  async changeUser<C extends { readonly user: User }>(name: string, change: (user: User) => C): Promise<C> {
    const port = this.swarm();
    const key = userKey(name);
    for (let tries = 1; ; tries++) {
      const setting = settingOf(port.state, key);
      const user = setting === null ? null : userOf(setting);
      if (setting === null || user === null) {
        throw new ServiceError("USER_NOT_FOUND", `there is no user ${name}`, { username: name });
      }
      const next = change(user);
      if (isDeepStrictEqual(next.user, user)) return next;
      try {
        await port.set(key, next.user as JsonValue, setting.revision);
        return next;
      } catch (error) {
        const overtaken = error instanceof ServiceError && error.name === "SETTING_CONFLICT";
        if (!overtaken || tries >= AUTH_LIMITS.casTries) throw asConsensus(error);
        await port.read();
      }
    }
  }

  private swarm(): DirectoryPort {
    const port = this.port();
    if (port !== null) return port;
    const message =
      "this node does not belong to a swarm yet, so it knows no users; GET /health/ready says what it waits for";
    throw new ServiceError("NOT_READY", message);
  }
}

/** What the settings call a conflict is no fault of whoever logs in. */
function asConsensus(error: unknown): unknown {
  if (!(error instanceof ServiceError) || error.name !== "SETTING_CONFLICT") return error;
  return new ServiceError(
    "CONSENSUS_FAILED",
    "others keep changing this user: try again",
    {},
    { cause: error },
  );
}
