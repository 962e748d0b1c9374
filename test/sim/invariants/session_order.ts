/**
 * Sessions run one at a time, in the order in which the log took them, and stand still while they are paused. The queue is
 * part of the state, and its head begins at the very entry that ends the session before; a pause closes the open round,
 * so that no certificate fits until a resume has opened another one. A key stands for one session for as long as that is
 * remembered. Kept here as an account of its own, of commands that took effect.
 */
import { allSessions, type ControlState, decodeCommand } from "../../../consensus/control/index.js";
import type { AppliedFact, Observer } from "./observer.js";

export class SessionOrder implements Observer {
  readonly name = "sessions in order, still while paused, once for each key";
  private readonly paused = new Set<string>();
  private readonly ofKey = new Map<string, string>();
  private waiting: string[] = [];
  private lastIndex = 0;

  applied(_node: string, fact: AppliedFact): void {
    const { index, data, before, after, outcome } = fact;
    // Every node's outcome is the same (`same_history.ts`): whoever is first tells.
    if (index <= this.lastIndex) return;
    this.lastIndex = index;
    if (outcome.kind !== "applied" || data.length === 0) return;
    const command = decodeCommand(data);
    if (command.type === "round.commit" && this.paused.has(command.certificate.decision.session))
      throw new Error(`${command.certificate.decision.session} has a version of the time when it is paused`);
    if (command.type === "session.pause") this.paused.add(command.id);
    if (command.type === "session.resume") this.paused.delete(command.id);
    if (command.type === "session.stop") this.waiting = this.waiting.filter((id) => id !== command.id);
    if (command.type === "session.create" && after.queue.length > before.queue.length)
      this.waiting.push(command.id);
    this.followed(before, after);
    this.once(after);
  }

  private followed(before: ControlState, after: ControlState): void {
    const id = after.session?.id;
    if (id === before.session?.id || id === undefined) return;
    const next = this.waiting.shift();
    if (next !== undefined && next !== id) throw new Error(`${id} has begun, and ${next} was before it`);
    if (next === undefined && before.queue.length > 0)
      throw new Error(`${id} has begun, and ${before.queue[0]?.id} is forgotten`);
  }

  private once(after: ControlState): void {
    for (const { id, key } of allSessions(after)) {
      if (key === undefined) continue;
      const known = this.ofKey.get(key.key) ?? id;
      if (known !== id) throw new Error(`${key.key} has started ${known} and ${id}`);
      this.ofKey.set(key.key, id);
    }
  }
}
