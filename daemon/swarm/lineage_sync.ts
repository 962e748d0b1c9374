/**
 * Fetches the certificates that this node never applied itself: it joined after they were committed, or took a snapshot
 * over them. Everything is checked against committed state before it is stored: the log names the digest of the last
 * decision and of the last committee, each names the one before, so that a peer can withhold history but not invent it.
 */
import type { SessionState } from "../../consensus/control/index.js";
import type { Committee, CommitteeStep } from "../../consensus/types.js";
import {
  certificateFault,
  committeeAfterStep,
  decisionDigest,
  decodeCertificate,
  decodeCommitteeStep,
  isRecovery,
  stepFault,
} from "../../consensus/votes/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import type { Hash, Verify } from "../../protocol/types.js";
import type { Logger } from "../logger.js";
import type { ControlLog } from "./control_log.js";
import type { LineageStore } from "./lineage_store.js";
import { committeesMethod, lineageMethod } from "./methods.js";

const POLL_MS = 2000;
const PAGE_TIMEOUT_MS = 10_000;
/** What nobody has is asked for less and less often. */
const POLL_MS_MAX = 60_000;
/** Handovers are rare; a chain longer than this is fetched over several polls' worth of memory, never more. */
const COMMITTEES_MAX = 100_000;

export interface LineageSyncInit {
  readonly control: Pick<ControlLog, "state">;
  readonly lineage: LineageStore;
  /** The first committee. */
  readonly founders: readonly string[];
  readonly verify: Verify;
  /** Peers that may be asked; see `askable.ts`. */
  readonly peers: () => readonly string[];
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  readonly logger: Pick<Logger, "debug">;
}

export class LineageSync {
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private turn = 0;
  /** Sessions that are whole below a height: only what is above it is looked through again. */
  private readonly wholeBelow = new Map<string, number>();
  private committeesWhole = 0;

  constructor(private readonly init: LineageSyncInit) {}

  start(): void {
    this.schedule(0);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
  }

  private schedule(afterMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.poll().then((whole) => {
        this.schedule(whole || afterMs === 0 ? POLL_MS : Math.min(2 * afterMs, POLL_MS_MAX));
      });
    }, afterMs);
  }

  /** @returns whether nothing is missing here that committed state names */
  async poll(): Promise<boolean> {
    try {
      const { session, past } = this.init.control.state;
      let whole = await this.fillCommittees();
      for (const s of session === null ? past : [session, ...past]) {
        if (s.version !== null && s.parent !== null) whole = (await this.fill(s, s.parent)) && whole;
      }
      return whole;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.init.logger.debug({ reason }, "lineage not whole yet");
      return false;
    }
  }

  /** From the head downwards, since it is the head that the log vouches for. */
  private async fill({ id, height }: SessionState, head: Hash): Promise<boolean> {
    const { lineage, logger } = this.init;
    const floor = this.wholeBelow.get(id) ?? 0;
    let below = height + 1;
    for (;;) {
      const gap = await lineage.highestGap(id, floor, below);
      if (gap === null) break;
      const above = gap === height ? null : await lineage.get(id, gap + 1);
      const digest = gap === height ? head : (above?.decision.parent ?? null);
      if (digest === null) return false;
      const got = await this.fetchDown(id, gap, digest);
      if (got === 0) return false;
      below = gap - got + 1;
    }
    if (this.wholeBelow.get(id) !== height + 1) logger.debug({ session: id, height }, "lineage is whole");
    this.wholeBelow.set(id, height + 1);
    return true;
  }

  /** @returns how many certificates were taken, from `to` downwards */
  private async fetchDown(session: string, to: number, head: Hash): Promise<number> {
    const { lineage, rpc, verify } = this.init;
    const peer = this.nextPeer();
    if (peer === null) return 0;
    const request = { v: 1 as const, session, to };
    const page = await rpc.call(peer, lineageMethod, request, { timeoutMs: PAGE_TIMEOUT_MS });
    let digest: Hash | null = head;
    let taken = 0;
    for (const bytes of page.certificates) {
      if (digest === null) break;
      const certificate = decodeCertificate(bytes);
      const height = to - taken;
      const known = decisionDigest(certificate.decision) === digest;
      const fault = known ? certificateFault(certificate, verify) : "it is not the one that the log names";
      if (fault !== null) throw new Error(`${peer} sent a certificate for height ${height}: ${fault}`);
      // What this node has applied itself stays as it is.
      if ((await lineage.get(session, height)) !== null) break;
      await lineage.put(certificate);
      digest = certificate.decision.parent;
      taken += 1;
    }
    return taken;
  }

  private async fillCommittees(): Promise<boolean> {
    const { control, lineage } = this.init;
    const { seq } = control.state.committee;
    if (this.committeesWhole >= seq) return true;
    let missing = 0;
    for (let n = this.committeesWhole + 1; n <= seq && missing === 0; n++) {
      if ((await lineage.committee(n)) === null) missing = n;
    }
    if (missing > 0 && !(await this.fetchCommittees(seq))) return false;
    this.committeesWhole = seq;
    return true;
  }

  /** The whole chain at once: only its end is vouched for. It is short, and stored when all of it is checked. */
  private async fetchCommittees(seq: number): Promise<boolean> {
    const { rpc, lineage } = this.init;
    const peer = this.nextPeer();
    if (peer === null || seq > COMMITTEES_MAX) return false;
    const chain: CommitteeStep[] = [];
    while (chain.length < seq) {
      const request = { v: 1 as const, from: chain.length + 1 };
      const page = await rpc.call(peer, committeesMethod, request, { timeoutMs: PAGE_TIMEOUT_MS });
      if (page.certificates.length === 0) return false;
      chain.push(...page.certificates.map(decodeCommitteeStep));
    }
    const taken = chain.slice(0, seq);
    const fault = this.chainFault(taken);
    if (fault !== null) throw new Error(`${peer} sent committees that are not the log's: ${fault}`);
    for (const step of taken) {
      if (isRecovery(step)) await lineage.putRecovery(step);
      else await lineage.putCommittee(step);
    }
    return true;
  }

  private chainFault(chain: readonly CommitteeStep[]): string | null {
    const { control, founders, verify } = this.init;
    let committee: Committee = { seq: 0, voters: founders, digest: null };
    for (const step of chain) {
      const fault = stepFault(step, committee, verify);
      if (fault !== null) return fault;
      committee = committeeAfterStep(step);
    }
    return committee.digest === control.state.committee.digest ? null : "the last one is another";
  }

  private nextPeer(): string | null {
    const peers = this.init.peers();
    return peers[this.turn++ % Math.max(1, peers.length)] ?? null;
  }
}
