/** What happens in an interaction scenario, told alike by etcd's expected output and by our own nodes. */

export interface TraceEntry {
  readonly term: number;
  readonly index: number;
  /** etcd's two encodings of a membership change are one here. */
  readonly kind: "normal" | "config";
  /** As etcd prints it: a quoted text, or changes such as `v1 l2`. */
  readonly data: string;
}

export interface TraceMessage {
  readonly from: string;
  readonly to: string;
  /** etcd's name, or ours in brackets where etcd has no such message. */
  readonly type: string;
  readonly term: number;
  readonly logTerm: number;
  readonly index: number;
  readonly rejected: boolean;
  readonly hint: number;
  readonly commit: number;
  readonly entries: readonly TraceEntry[];
  readonly snapshot: string | null;
  /** To be sent when a storage thread is done; only in messages to one. */
  readonly responses: readonly TraceMessage[];
}

export interface TraceHard {
  readonly term: number;
  /** "0" for nobody. */
  readonly vote: string;
  readonly commit: number;
}

export interface TraceSoft {
  readonly role: string;
  readonly lead: string;
}

export interface TraceProgress {
  readonly peer: string;
  readonly mode: string;
  readonly match: number;
  readonly next: number;
  /** What else etcd prints of it: `learner`, `paused`, `inactive`, … */
  readonly marks: readonly string[];
}

export interface TraceReady {
  readonly kind: "ready";
  readonly node: string;
  readonly hard: TraceHard | null;
  readonly soft: TraceSoft | null;
  readonly entries: readonly TraceEntry[];
  readonly committed: readonly TraceEntry[];
  readonly snapshot: string | null;
  readonly messages: readonly TraceMessage[];
}

export type TraceEvent =
  | TraceReady
  | { readonly kind: "received"; readonly message: TraceMessage; readonly dropped: boolean }
  /** A storage thread is done with one piece of work, and sends this. */
  | { readonly kind: "threadDone"; readonly node: string; readonly responses: readonly TraceMessage[] }
  | { readonly kind: "configuration"; readonly node: string; readonly text: string }
  | { readonly kind: "log"; readonly entries: readonly TraceEntry[] }
  | {
      readonly kind: "role";
      readonly node: string;
      readonly votes: boolean;
      readonly term: number;
      readonly soft: TraceSoft;
    }
  | { readonly kind: "progress"; readonly progress: TraceProgress }
  /** A message made by a command of the scenario. */
  | { readonly kind: "made"; readonly message: TraceMessage }
  | { readonly kind: "refused" };

const THREADS = ["AppendThread", "ApplyThread"];

/** From a node to itself or its storage threads, or back: no other node sees it. */
export function isLocal(message: { readonly from: string; readonly to: string }): boolean {
  return message.from === message.to || THREADS.includes(message.from) || THREADS.includes(message.to);
}
