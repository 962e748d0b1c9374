/**
 * The settings are linearizable: there is one order of all operations, which agrees with real time, and in which each
 * has the answer that a plain map would have given. A change's place in that order is its revision, the index of its log
 * entry, so nothing has to be searched for: a change that was asked for after another was answered has a higher one, a
 * compare-and-set replaced the revision that it named, and a read shows exactly the map as of its revision, which is no
 * less than what any answer had shown before the read was asked for.
 *
 * Operations whose answer is lost may have happened or not: they bind nobody.
 */
import { decodeCommand } from "../../../consensus/control/index.js";
import type { AppliedFact, Observer } from "./observer.js";

export interface SettingsShown {
  readonly revision: number;
  readonly entries: readonly { readonly key: string; readonly value: unknown; readonly revision: number }[];
}

/** @property value null: it was deleted */
export interface SettingChange {
  readonly key: string;
  readonly value: unknown;
  readonly expect: number | null;
}

export class LinearSettings implements Observer {
  readonly name = "linearizable settings";
  /** Every change in the log, whoever asked for it; revisions ascend. */
  private readonly history: (SettingChange & { readonly revision: number })[] = [];
  /** The highest revision that any answer has shown. */
  private known = 0;
  operations = 0;

  applied(_node: string, { index, data, outcome, before, after }: AppliedFact): void {
    const last = this.history.at(-1)?.revision ?? 0;
    if (outcome.kind !== "applied" || index <= last) return;
    if (before.settings.revision === after.settings.revision) return;
    const command = decodeCommand(data);
    if (command.type !== "settings.set" && command.type !== "settings.delete") return;
    const { key, expect } = command;
    const replaced = mapAt(this.history, index).get(key)?.revision ?? 0;
    if (expect !== null && expect !== replaced) {
      throw new Error(`${key} was at revision ${replaced}, ${expect} was to be replaced, and it was done`);
    }
    const value = command.type === "settings.set" ? command.value : null;
    this.history.push({ key, value, expect, revision: index });
  }

  /** @returns to be called with the revision when it was answered as done */
  asked(change: SettingChange): (revision: number) => void {
    const least = this.known;
    return (revision) => {
      this.operations += 1;
      if (revision <= least)
        throw new Error(`${change.key} got revision ${revision}, ${least} was known before`);
      const logged = this.history.find((entry) => entry.revision === revision);
      if (logged?.key !== change.key || logged.value !== change.value) {
        throw new Error(
          `revision ${revision} was answered for ${change.key}, the log has another change there`,
        );
      }
      this.known = Math.max(this.known, revision);
    };
  }

  /** @returns to be called with what the read shows */
  reading(): (shown: SettingsShown) => void {
    const least = this.known;
    return (shown) => {
      this.operations += 1;
      if (shown.revision < least)
        throw new Error(`a read shows revision ${shown.revision}, ${least} was known before`);
      const expected = [...mapAt(this.history, shown.revision)].map(([key, { value }]) => `${key}=${value}`);
      const got = shown.entries.map(({ key, value }) => `${key}=${value}`);
      if (expected.sort().join() !== got.sort().join()) {
        throw new Error(`a read at revision ${shown.revision} shows ${got}, the log says ${expected}`);
      }
      this.known = Math.max(this.known, shown.revision);
    };
  }
}

function mapAt(history: readonly (SettingChange & { readonly revision: number })[], revision: number) {
  const map = new Map<string, { readonly value: unknown; readonly revision: number }>();
  for (const change of history) {
    if (change.revision > revision) break;
    if (change.value === null) map.delete(change.key);
    else map.set(change.key, change);
  }
  return map;
}
