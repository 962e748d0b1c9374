/** Everything on its way to the nodes of a scenario, in the order in which it was sent. */
import type { Message } from "../../../consensus/raft/messages.js";
import type { Told } from "./node.js";
import { messageInWords } from "./render.js";
import type { TraceMessage } from "./trace.js";

interface Letter {
  readonly to: string;
  readonly message: Message;
  readonly words: TraceMessage;
}

/** A letter, or what a storage thread tells the core of its own node. */
type Parcel = Letter | { readonly to: string; readonly message: null; readonly told: Told };

export class Mail {
  private parcels: Parcel[] = [];

  send(message: Message): void {
    this.parcels.push({ to: message.to, message, words: messageInWords(message) });
  }

  tell(to: string, told: Told): void {
    this.parcels.push({ to, message: null, told });
  }

  /** @param type only messages of this type; null for everything */
  take(to: string, type: string | null): readonly Parcel[] {
    const isMeant = (one: Parcel): boolean =>
      one.to === to && (type === null || (one.message !== null && one.words.type === type));
    const taken = this.parcels.filter(isMeant);
    this.parcels = this.parcels.filter((one) => !isMeant(one));
    return taken;
  }

  /** What storage threads tell is never lost. */
  drop(to: string, type: string | null): readonly Letter[] {
    const isMeant = (one: Parcel): one is Letter =>
      one.to === to && one.message !== null && (type === null || one.words.type === type);
    const dropped = this.parcels.filter(isMeant);
    this.parcels = this.parcels.filter((one) => !isMeant(one));
    return dropped;
  }
}
