/** Reads the expected output of one command of an interaction scenario into events. Log lines only tell configurations. */
import type { Case } from "../datadriven.js";
import type { TraceEntry, TraceEvent, TraceHard, TraceMessage, TraceSoft } from "./trace.js";

const LOG_LINE = /^(?:DEBUG|INFO|WARN|ERROR) (?:(\w+) switched to configuration (.*))?/;
const BLOCK =
  /^> (\w+) (handling Ready|receiving messages|processing append thread|processing apply thread)$/;
const SOFT = /^Lead:(\w+) State:(\w+)$/;
const HARD = /^HardState Term:(\d+)(?: Vote:(\w+))? Commit:(\d+)$/;
const SNAPSHOT = /^Snapshot:? (Index:.*)$/;
const ENTRY = /^(\d+)\/(\d+) (Entry\w+)(?: (.*))?$/;
const MESSAGE = /^(dropped: )?(\w+)->(\w+) (Msg\w+) Term:(\d+) Log:(\d+)\/(\d+)(.*)$/;
const ROLE =
  /^(\w+): (State(?:Follower|PreCandidate|Candidate|Leader)) \((Voter|Non-Voter)\) Term:(\d+) Lead:(\w+)$/;
const PROGRESS = /^(\w+): (State(?:Probe|Replicate|Snapshot)) match=(\d+) next=(\d+)(.*)$/;
/** Say nothing that another line does not say. */
const SILENT =
  /^(?:ok|no messages|<empty Ready>|Processing:|Responses:|log is empty: .*|no (?:append|apply) work to perform)$/;
const REFUSED = "raft proposal dropped";
/** etcd tells of a reply by someone that has left; it does nothing with it, as our core does silently. */
const STRANGER = "raft: cannot step as peer not found";

interface OpenReady {
  node: string;
  hard: TraceHard | null;
  soft: TraceSoft | null;
  entries: TraceEntry[];
  committed: TraceEntry[];
  snapshot: string | null;
  messages: TraceMessage[];
}

/** @throws RangeError for a line of another shape */
export function readTrace(one: Case): TraceEvent[] {
  return new TraceReader(one).read();
}

class TraceReader {
  private readonly lines: readonly string[];
  private at = 0;
  private readonly events: TraceEvent[] = [];
  private ready: OpenReady | null = null;
  private section = "";
  private node: string;
  private responses: TraceMessage[] | null = null;

  constructor(private readonly one: Case) {
    this.lines = one.expected.split("\n").map((line) => line.trim());
    this.node = one.args[0]?.key ?? "";
  }

  read(): TraceEvent[] {
    while (this.at < this.lines.length) this.line(this.lines[this.at++] as string);
    this.close();
    return this.events;
  }

  private line(line: string): void {
    if (line === "" || line === STRANGER) return;
    const log = LOG_LINE.exec(line);
    if (log !== null) {
      if (log[1] !== undefined)
        this.events.push({ kind: "configuration", node: log[1], text: log[2] as string });
      return;
    }
    if (this.block(line) || this.readyLine(line) || this.tableLine(line)) return;
    const entry = readEntry(line);
    if (entry !== null) this.entry(entry);
    else if (MESSAGE.test(line)) this.message(line);
    else if (line === REFUSED) this.events.push({ kind: "refused" });
    else if (!SILENT.test(line)) throw this.fault(line);
  }

  private block(line: string): boolean {
    if (line === "Processing:") {
      this.close();
      this.section = line;
      return true;
    }
    if (line === "Responses:") {
      this.section = line;
      this.responses = [];
      return true;
    }
    const block = BLOCK.exec(line);
    if (block === null) return false;
    this.close();
    this.node = block[1] as string;
    this.section = block[2] === "receiving messages" ? "received" : "";
    return true;
  }

  private readyLine(line: string): boolean {
    if (line.startsWith("Ready MustSync=")) {
      this.close();
      const { node } = this;
      this.ready = { node, hard: null, soft: null, entries: [], committed: [], snapshot: null, messages: [] };
      return true;
    }
    if (this.ready === null) return false;
    if (line === "Entries:" || line === "CommittedEntries:" || line === "Messages:") {
      this.section = line;
      return true;
    }
    const soft = SOFT.exec(line);
    const hard = HARD.exec(line);
    const snapshot = SNAPSHOT.exec(line);
    if (soft !== null) this.ready.soft = { lead: soft[1] as string, role: soft[2] as string };
    else if (hard !== null)
      this.ready.hard = { term: Number(hard[1]), vote: hard[2] ?? "0", commit: Number(hard[3]) };
    else if (snapshot !== null) this.ready.snapshot = snapshot[1] as string;
    else return false;
    return true;
  }

  private tableLine(line: string): boolean {
    const role = ROLE.exec(line);
    if (role !== null) {
      const [, node = "", name = "", votes, term, lead = ""] = role;
      this.events.push({
        kind: "role",
        node,
        votes: votes === "Voter",
        term: Number(term),
        soft: { lead, role: name },
      });
      return true;
    }
    const progress = PROGRESS.exec(line);
    if (progress === null) return false;
    const [, peer = "", mode = "", match, next, rest = ""] = progress;
    const marks = rest.split(" ").filter((mark) => mark !== "");
    this.events.push({
      kind: "progress",
      progress: { peer, mode, match: Number(match), next: Number(next), marks },
    });
    return true;
  }

  private entry(entry: TraceEntry): void {
    if (this.ready !== null && this.section === "Entries:") this.ready.entries.push(entry);
    else if (this.ready !== null && this.section === "CommittedEntries:") this.ready.committed.push(entry);
    else {
      const last = this.events.at(-1);
      if (last?.kind === "log")
        this.events[this.events.length - 1] = { kind: "log", entries: [...last.entries, entry] };
      else this.events.push({ kind: "log", entries: [entry] });
    }
  }

  private message(line: string): void {
    const { message, dropped } = this.readMessage(line);
    if (this.section === "Processing:") return;
    if (this.responses !== null) this.responses.push(message);
    else if (this.ready !== null && this.section === "Messages:") this.ready.messages.push(message);
    else if (this.one.command === "send-snapshot") this.events.push({ kind: "made", message });
    else this.events.push({ kind: "received", message, dropped });
  }

  private readMessage(line: string): { message: TraceMessage; dropped: boolean } {
    const match = MESSAGE.exec(line);
    if (match === null) throw this.fault(line);
    const [, dropped, from = "", to = "", type = "", term, logTerm, index] = match;
    let rest = match[8] as string;
    const number = (pattern: RegExp): number => Number(pattern.exec(rest)?.[1] ?? 0);
    const rejected = rest.includes(" Rejected");
    const hint = number(/\(Hint: (\d+)\)/);
    const commit = number(/ Commit:(\d+)/);
    const entries: TraceEntry[] = [];
    const single = / Entries:\[(.+)\]/.exec(rest);
    if (single !== null) {
      const entry = readEntry(single[1] as string);
      if (entry === null) throw this.fault(line);
      entries.push(entry);
    } else if (rest.endsWith(" Entries:[")) {
      rest = this.readList((inner) => {
        const entry = readEntry(inner);
        if (entry === null) throw this.fault(inner);
        entries.push(entry);
      });
    }
    const snapshot = SNAPSHOT.exec(this.lines[this.at] ?? "");
    if (type === "MsgSnap" && snapshot !== null) rest += this.lines[this.at++];
    const responses: TraceMessage[] = [];
    if (rest.endsWith(" Responses:["))
      this.readList((inner) => responses.push(this.readMessage(inner).message));
    const message = {
      ...{ from, to, type, term: Number(term), logTerm: Number(logTerm), index: Number(index) },
      ...{ rejected, hint, commit, entries, responses },
      snapshot: type === "MsgSnap" && snapshot !== null ? (snapshot[1] as string) : null,
    };
    return { message, dropped: dropped !== undefined };
  }

  /** Lines up to one that begins with `]`. @returns what follows it on its line */
  private readList(take: (line: string) => void): string {
    for (;;) {
      const line = this.lines[this.at++];
      if (line === undefined) throw this.fault("the end, inside of a list");
      if (line.startsWith("]")) return line.slice(1);
      take(line);
    }
  }

  private close(): void {
    if (this.ready !== null) this.events.push({ kind: "ready", ...this.ready });
    if (this.responses !== null)
      this.events.push({ kind: "threadDone", node: this.node, responses: this.responses });
    this.ready = null;
    this.responses = null;
    this.section = "";
  }

  private fault(line: string): RangeError {
    return new RangeError(`line ${this.one.line}, ${this.one.command}: cannot read "${line}"`);
  }
}

function readEntry(line: string): TraceEntry | null {
  const match = ENTRY.exec(line);
  if (match === null) return null;
  const [, term, index, kind, data = ""] = match;
  return {
    term: Number(term),
    index: Number(index),
    kind: kind === "EntryNormal" ? "normal" : "config",
    data,
  };
}
