/**
 * The swarm's gossip: what is published is encoded and signed, what arrives is judged before it is passed on. Judging
 * is cheap and in the order of cost: hello of the neighbor, sequence number, rate, size, shape, signature, and last the
 * daemon's own check.
 */
import type { Message, TopicValidatorResult } from "@chainsafe/libp2p-gossipsub";
import type { PeerId } from "@libp2p/interface";
import { ProtocolError, reasonOf } from "../errors.js";
import { DISCOVERY_BURST, DISCOVERY_BYTES_MAX, DISCOVERY_PER_SECOND } from "../limits.js";
import type { Logger } from "../logger.js";
import { Admission } from "./admission.js";
import { isOwnRecord } from "./discovery_record.js";
import type { MeshedGossipSub } from "./meshed.js";
import {
  discoveryTopicName,
  GOSSIP_KINDS,
  type GossipKind,
  type GossipReceived,
  type GossipSent,
  TOPICS,
  topicName,
} from "./topics.js";

export type Verdict = "accept" | "ignore" | "reject";
export type GossipListener<K extends GossipKind> = (message: GossipReceived[K], from: string) => void;
export type GossipCheck<K extends GossipKind> = (message: GossipReceived[K], from: string) => Verdict;

/** Since the start of the process. */
export interface GossipCounters {
  accepted: number;
  ignored: number;
  rejected: number;
  /** Message bytes judged. */
  bytesReceived: number;
  published: number;
  /** Published while nobody was there to take it. */
  unheard: number;
}

/** What is used of gossipsub. */
export type Pubsub = Pick<
  MeshedGossipSub,
  | "topicValidators"
  | "subscribe"
  | "publish"
  | "getSubscribers"
  | "getMeshPeers"
  | "getScore"
  | "addEventListener"
  | "removeEventListener"
>;

export interface GossipInit {
  readonly pubsub: Pubsub;
  readonly swarmId: string;
  /** Whether a peer has passed the handshake. */
  readonly admitted: (peer: string) => boolean;
  /** Whether an author is a member of the swarm or connected; the others share what room there is for strangers. */
  readonly isKnown: (author: string) => boolean;
  readonly logger: Logger;
}

/** gossipsub's own enumeration has these values; importing it as a value would load libp2p here. */
const RESULTS = { accept: "accept", ignore: "ignore", reject: "reject" } as const;
type Judged = {
  readonly kind: GossipKind;
  readonly value: GossipReceived[GossipKind];
  readonly from: string;
};

export class Gossip {
  private readonly listeners: { [K in GossipKind]: Set<GossipListener<K>> } = {
    update: new Set(),
    progress: new Set(),
    version: new Set(),
    heartbeat: new Set(),
  };
  private readonly checks: { [K in GossipKind]?: GossipCheck<K> } = {};
  private readonly counts: { [K in GossipKind]: GossipCounters } = {
    update: newCounters(),
    progress: newCounters(),
    version: newCounters(),
    heartbeat: newCounters(),
  };
  /** Judged messages on their way from the validator to the listeners. */
  private readonly judged = new WeakMap<Message, Judged>();
  private rejectedRecords = 0;

  constructor(private readonly init: GossipInit) {}

  start(): void {
    const { pubsub, swarmId } = this.init;
    for (const kind of GOSSIP_KINDS) this.open(kind, topicName(swarmId, kind));
    const rate = { perSecond: DISCOVERY_PER_SECOND, burst: DISCOVERY_BURST };
    const discovery = new Admission(rate, this.init.isKnown);
    pubsub.topicValidators.set(discoveryTopicName(swarmId), (source, message) => {
      const { data, from } = signed(message);
      if (!this.passes(discovery, source, message)) return result("ignore");
      if (data.length <= DISCOVERY_BYTES_MAX && isOwnRecord(data, from)) return result("accept");
      this.rejectedRecords += 1;
      return result("reject");
    });
    pubsub.addEventListener("message", this.deliver);
  }

  stop(): void {
    this.init.pubsub.removeEventListener("message", this.deliver);
  }

  /**
   * @returns to how many peers it went at once; 0 means that nobody has it, which is the caller's to repair
   * @throws ProtocolError `MESSAGE_MALFORMED` for a message that others would reject
   */
  async publish<K extends GossipKind>(kind: K, message: GossipSent[K]): Promise<{ recipients: number }> {
    const bytes = TOPICS[kind].encode(message);
    const { recipients } = await this.init.pubsub.publish(topicName(this.init.swarmId, kind), bytes);
    this.counts[kind].published += 1;
    if (recipients.length === 0) this.counts[kind].unheard += 1;
    return { recipients: recipients.length };
  }

  /** Hears accepted messages of others; own ones do not come back. @returns a function that ends it */
  on<K extends GossipKind>(kind: K, listener: GossipListener<K>): () => void {
    const listeners: Set<GossipListener<K>> = this.listeners[kind];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Installs the last judgement on well-formed messages: "ignore" for late or unfitting, "reject" for lies. */
  check<K extends GossipKind>(kind: K, check: GossipCheck<K>): void {
    const checks: { [P in K]?: GossipCheck<P> } = this.checks;
    checks[kind] = check;
  }

  counters(): Readonly<Record<GossipKind, Readonly<GossipCounters>>> {
    return this.counts;
  }

  /** Address records that were not their author's own. */
  discoveryRejected(): number {
    return this.rejectedRecords;
  }

  /** Peers that listen to a topic, as far as they have told. */
  listenersOf(kind: GossipKind): string[] {
    return this.init.pubsub.getSubscribers(topicName(this.init.swarmId, kind)).map(String);
  }

  /** Whom this node exchanges whole messages with, by topic: gossipsub's mesh. `peers` is the discovery's topic. */
  mesh(): { readonly topic: GossipKind | "peers"; readonly peers: readonly string[] }[] {
    const { pubsub, swarmId } = this.init;
    const discovery = { topic: "peers" as const, peers: pubsub.getMeshPeers(discoveryTopicName(swarmId)) };
    return [
      ...GOSSIP_KINDS.map((kind) => ({ topic: kind, peers: pubsub.getMeshPeers(topicName(swarmId, kind)) })),
      discovery,
    ];
  }

  /** What gossipsub thinks of a peer: 0 is good, below it has sent what was invalid. */
  scoreOf(peer: string): number {
    return this.init.pubsub.getScore(peer);
  }

  private open(kind: GossipKind, name: string): void {
    const admission = new Admission(TOPICS[kind], this.init.isKnown);
    this.init.pubsub.topicValidators.set(name, (source, message) => {
      const verdict = this.passes(admission, source, message) ? this.judge(kind, source, message) : "ignore";
      const counts = this.counts[kind];
      counts.bytesReceived += message.data.length;
      counts[VERDICT_COUNTS[verdict]] += 1;
      return result(verdict);
    });
    this.init.pubsub.subscribe(name);
  }

  /** What can be said of a message without looking inside. */
  private passes(admission: Admission, source: PeerId, message: Message): boolean {
    const neighbor = source.toString();
    const { from, sequenceNumber: sequence } = signed(message);
    return this.init.admitted(neighbor) && admission.take({ neighbor, author: from.toString(), sequence });
  }

  private judge<K extends GossipKind>(kind: K, source: PeerId, message: Message): Verdict {
    const from = signed(message).from.toString();
    try {
      const value = TOPICS[kind].decode(message.data, from);
      const checks: { [P in K]?: GossipCheck<P> } = this.checks;
      const verdict = checks[kind]?.(value, from) ?? "accept";
      if (verdict === "accept") this.judged.set(message, { kind, value, from });
      return verdict;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.init.logger.debug(
        { kind, from, source: source.toString(), reason: error.message },
        "gossip rejected",
      );
      return "reject";
    }
  }

  private readonly deliver = (event: CustomEvent<Message>): void => {
    const judged = this.judged.get(event.detail);
    if (judged === undefined) return;
    this.tell(judged.kind, judged.value, judged.from);
  };

  private tell<K extends GossipKind>(kind: K, value: GossipReceived[GossipKind], from: string): void {
    const listeners: Set<GossipListener<K>> = this.listeners[kind];
    for (const listener of listeners) {
      try {
        listener(value as GossipReceived[K], from);
      } catch (error) {
        this.init.logger.error({ kind, from, reason: reasonOf(error) }, "a listener for gossip failed");
      }
    }
  }
}

const VERDICT_COUNTS = { accept: "accepted", ignore: "ignored", reject: "rejected" } as const;

function newCounters(): GossipCounters {
  return { accepted: 0, ignored: 0, rejected: 0, bytesReceived: 0, published: 0, unheard: 0 };
}

function result(verdict: Verdict): TopicValidatorResult {
  return RESULTS[verdict] as TopicValidatorResult;
}

/** Under StrictSign an unsigned message never gets this far. */
function signed(message: Message): Extract<Message, { type: "signed" }> {
  if (message.type !== "signed") throw new ProtocolError("SIGNATURE_INVALID", "gossip: not signed");
  return message;
}
