/**
 * Compares what one command did at etcd and here, in three parts that each pass or differ by themselves: the state of the
 * nodes, the messages between them, and the entries that they store and apply. What is told alike by design only after
 * some change of form is changed here, by the rules of `RULES` and no others.
 */
import { isLocal, type TraceEntry, type TraceEvent, type TraceMessage, type TraceProgress } from "./trace.js";

export const PARTS = ["state", "messages", "entries"] as const;
export type Part = (typeof PARTS)[number];

/** What is not compared literally, and why; printed with the results. */
export const RULES: readonly string[] = [
  "Between the same two nodes, the appends of one Ready count as one, and so do the replies to appends: etcd sends an append for each proposal and each new commit index, our core one for all since the last Ready. So the number of appends on their way is not compared, only whether there are any and whether a bound is reached; where a scenario sets the bound, our core is told to put one entry into an append.",
  "Messages of a node to itself or to its storage threads are not compared: here a driver calls `stored` and `applied`. What those messages carry or release is compared.",
  "The entry that opens a term is a normal entry without data; the two encodings of membership changes are one.",
  "The number of Readys is not compared, only what all of one command hold: our core makes a Ready where etcd needs two, or the other way round.",
  "Where a leader's first entry is not applied yet, our core refuses a change of members (Ongaro's rule for single-server changes); it is proposed again as soon as that entry is. Where a change does not fit, our core refuses it, while etcd puts an empty entry in its place: so does the runner.",
  "etcd calls a follower inactive that has not answered in this term; our core one that has been silent for an election timeout. The mark is not compared.",
  "What is proposed to a follower is proposed to the leader that it knows of: our core does not forward proposals, the node around it does.",
  "A part of a snapshot after the first, and the reply that asks for the next part, have no counterpart: etcd leaves that to the transport.",
];

/** For each subject (a node, or two of them) what was seen of it, in order. */
type Seen = Map<string, string[]>;

export type Account = Record<Part, Seen>;

export function accountOf(events: readonly TraceEvent[]): Account {
  const account: Account = { state: new Map(), messages: new Map(), entries: new Map() };
  let delivery: TraceMessage[] = [];
  for (const [place, event] of events.entries()) {
    if (event.kind !== "received") {
      take(account, event);
      continue;
    }
    delivery.push(event.message);
    // What is delivered in one go is put down together.
    const next = events[place + 1];
    if (next?.kind === "received" && next.dropped === event.dropped) continue;
    putMessages(account.messages, event.dropped ? "loses" : "hears", delivery);
    delivery = [];
  }
  return account;
}

function take({ state, messages, entries }: Account, event: Exclude<TraceEvent, { kind: "received" }>): void {
  switch (event.kind) {
    case "ready": {
      const { node, hard, soft, snapshot } = event;
      if (hard !== null)
        state.set(`${node} hard state`, [`term ${hard.term} vote ${hard.vote} commit ${hard.commit}`]);
      if (soft !== null) state.set(`${node} role`, [`${soft.role} lead ${soft.lead}`]);
      if (snapshot !== null) put(entries, `${node} restores`, [snapshot]);
      put(entries, `${node} appends`, event.entries.map(inWords));
      put(entries, `${node} applies`, event.committed.map(inWords));
      putMessages(messages, "sends", event.messages);
      return;
    }
    case "threadDone":
      putMessages(messages, "sends", event.responses);
      return;
    case "made":
      putMessages(messages, "sends", [event.message]);
      return;
    case "configuration":
      state.set(`${event.node} configuration`, [event.text]);
      return;
    case "log":
      put(entries, "raft-log", event.entries.map(inWords));
      return;
    case "role": {
      const { votes, term, soft } = event;
      state.set(`${event.node} status`, [
        `${soft.role} lead ${soft.lead} term ${term} ${votes ? "voter" : "no voter"}`,
      ]);
      return;
    }
    case "progress":
      state.set(`progress of ${event.progress.peer}`, [progressInWords(event.progress)]);
      return;
    case "refused":
      put(state, "proposals", ["refused"]);
  }
}

function put(seen: Seen, subject: string, values: readonly string[]): void {
  if (values.length > 0) seen.set(subject, [...(seen.get(subject) ?? []), ...values]);
}

function putMessages(seen: Seen, verb: string, messages: readonly TraceMessage[]): void {
  const pairs = new Map<string, TraceMessage[]>();
  for (const message of messages) {
    if (isLocal(message) || message.type.startsWith("(snapshot") || message.type === "MsgProp") continue;
    const pair = `${message.from}->${message.to} ${verb}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), message]);
  }
  for (const [pair, list] of pairs) put(seen, pair, merged(list).map(messageInWords));
}

function merged(messages: readonly TraceMessage[]): TraceMessage[] {
  const result: TraceMessage[] = [];
  for (const message of messages) {
    const last = result.at(-1);
    const both = last === undefined ? null : together(last, message);
    if (both === null) result.push(message);
    else result[result.length - 1] = both;
  }
  return result;
}

/** @returns null where two messages are not parts of one */
function together(a: TraceMessage, b: TraceMessage): TraceMessage | null {
  if (a.type !== b.type || a.term !== b.term || a.rejected || b.rejected) return null;
  if (a.type === "MsgAppResp") return b.index >= a.index ? b : null;
  if (a.type !== "MsgApp") return null;
  const end: Pick<TraceEntry, "index" | "term"> = a.entries.at(-1) ?? { index: a.index, term: a.logTerm };
  if (b.index !== end.index || b.logTerm !== end.term) return null;
  return { ...a, entries: [...a.entries, ...b.entries], commit: Math.max(a.commit, b.commit) };
}

function inWords({ term, index, kind, data }: TraceEntry): string {
  return `${term}/${index} ${kind} ${data}`.trimEnd();
}

function messageInWords(m: TraceMessage): string {
  const parts = [m.type, `term ${m.term}`, `log ${m.logTerm}/${m.index}`];
  if (m.rejected) parts.push(`rejected, hint ${m.hint}`);
  if (m.commit > 0) parts.push(`commit ${m.commit}`);
  if (m.entries.length > 0) parts.push(`entries [${m.entries.map(inWords).join(", ")}]`);
  if (m.snapshot !== null) parts.push(m.snapshot);
  return parts.join(" ");
}

function progressInWords({ mode, match, next, marks }: TraceProgress): string {
  const compared = marks
    .filter((mark) => mark !== "inactive")
    .map((mark) => mark.replace(/^inflight=\d+/, "inflight"));
  return [mode, `match ${match}`, `next ${next}`, ...compared].join(" ");
}

export interface PartDifference {
  readonly subject: string;
  readonly etcd: readonly string[];
  readonly here: readonly string[];
}

export function differencesOf(etcd: Seen, here: Seen): PartDifference[] {
  const found: PartDifference[] = [];
  for (const subject of new Set([...etcd.keys(), ...here.keys()])) {
    const [a, b] = [etcd.get(subject) ?? [], here.get(subject) ?? []];
    if (a.length !== b.length || a.some((text, place) => text !== b[place]))
      found.push({ subject, etcd: a, here: b });
  }
  return found;
}
