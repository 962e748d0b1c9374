/** What lies between the nodes: who can reach whom (each direction for itself), how long it takes, what gets lost. */
import type { Seeded } from "../../../consensus/testing/seeded.js";
import type { Chaos } from "../faults/chaos.js";
import type { Agenda } from "../kernel/agenda.js";
import type { SimProcess } from "../kernel/sim_process.js";
import type { VirtualTime } from "../kernel/virtual_time.js";
import type { SimHost } from "./sim_host.js";

const LATENCY_MS_MIN = 0.5;
const LATENCY_MS_SPREAD = 4;
const SLOW_MS = 60;
const LATE_MS = 400;
const LOSS = 0.02;
const DUPLICATE = 0.02;
const REORDER = 0.01;
const DELAY = 0.05;

interface Endpoint {
  readonly process: SimProcess;
  readonly host: SimHost;
}

export interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** Whether it may be lost or doubled: on a stream it may not. */
  readonly reliable: boolean;
  readonly arrive: (host: SimHost) => void;
}

export class SimNetwork {
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly groups = new Map<string, number>();
  private readonly oneWay = new Set<string>();

  constructor(
    private readonly agenda: Agenda,
    private readonly time: VirtualTime,
    private readonly chaos: Chaos,
    private readonly random: Seeded,
  ) {}

  attach(process: SimProcess, host: SimHost): void {
    this.endpoints.set(process.node, { process, host });
  }

  detach(process: SimProcess): void {
    if (this.endpoints.get(process.node)?.process === process) this.endpoints.delete(process.node);
  }

  /** Running nodes. */
  get names(): string[] {
    return [...this.endpoints.keys()];
  }

  hostOf(name: string): SimHost | undefined {
    return this.endpoints.get(name)?.host;
  }

  /** Packets get from `a` to `b`. */
  passes(a: string, b: string): boolean {
    return (this.groups.get(a) ?? 0) === (this.groups.get(b) ?? 0) && !this.oneWay.has(`${a}>${b}`);
  }

  /** A connection needs both directions. */
  connected(a: string, b: string): boolean {
    return this.endpoints.has(a) && this.endpoints.has(b) && this.passes(a, b) && this.passes(b, a);
  }

  partition(groups: readonly (readonly string[])[]): void {
    this.groups.clear();
    for (const [number, members] of groups.entries()) {
      for (const member of members) this.groups.set(member, number);
    }
  }

  cutOneWay(a: string, b: string): void {
    this.oneWay.add(`${a}>${b}`);
  }

  heal(): void {
    this.groups.clear();
    this.oneWay.clear();
  }

  get isWhole(): boolean {
    return this.groups.size === 0 && this.oneWay.size === 0;
  }

  send(envelope: Envelope): void {
    const { chaos } = this;
    const copies = !envelope.reliable && chaos.strikes("duplicate", DUPLICATE) ? 2 : 1;
    if (!envelope.reliable && chaos.strikes("loss", LOSS)) return;
    for (let copy = 0; copy < copies; copy++) this.carry(envelope);
  }

  /** To everybody that a flood reaches, over others where there is no direct way. @returns direct neighbours */
  flood(from: string, label: string, arrive: (host: SimHost) => void): number {
    const seen = new Set([from]);
    let ring = [from];
    let neighbours = 0;
    for (let hops = 1; ring.length > 0; hops++) {
      const next: string[] = [];
      for (const at of ring) {
        for (const to of this.endpoints.keys()) {
          if (seen.has(to) || !this.passes(at, to)) continue;
          seen.add(to);
          next.push(to);
          this.send({ from: at, to, label, reliable: false, arrive });
        }
      }
      if (hops === 1) neighbours = next.length;
      ring = next;
    }
    return neighbours;
  }

  private carry({ from, to, label, arrive }: Envelope): void {
    let ms = LATENCY_MS_MIN + LATENCY_MS_SPREAD * this.random.next();
    if (this.chaos.strikes("delay", DELAY)) ms += SLOW_MS * this.random.next();
    if (this.chaos.strikes("reorder", REORDER)) ms += LATE_MS * this.random.next();
    this.agenda.plan(ms, null, `${label} ${from}>${to}`, () => {
      const endpoint = this.endpoints.get(to);
      if (endpoint === undefined || !this.passes(from, to)) return;
      this.time.current = endpoint.process;
      arrive(endpoint.host);
    });
  }
}
