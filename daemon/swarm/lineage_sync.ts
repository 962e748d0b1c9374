/** Fetches the certificates that this node never applied itself, because it joined after they were committed. */
import type { SessionState } from "../../consensus/control/index.js";
import type { Certificate } from "../../consensus/types.js";
import {
  certificateFault,
  decisionDigest,
  decodeCertificate,
  linkFault,
} from "../../consensus/votes/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import type { Verify } from "../../protocol/types.js";
import type { Logger } from "../logger.js";
import type { ControlLog } from "./control_log.js";
import type { LineageStore } from "./lineage_store.js";
import { lineageMethod } from "./methods.js";

const POLL_MS = 2000;
const PAGE_TIMEOUT_MS = 10_000;

export interface LineageSyncInit {
  readonly control: ControlLog;
  readonly lineage: LineageStore;
  readonly verify: Verify;
  readonly host: Pick<SwarmHost, "peers" | "rpc">;
  readonly logger: Logger;
}

export class LineageSync {
  private timer: NodeJS.Timeout | null = null;
  private busy = false;
  private turn = 0;
  /** Sessions known to be whole up to a height: they are not looked through again. */
  private readonly wholeTo = new Map<string, number>();

  constructor(private readonly init: LineageSyncInit) {}

  start(): void {
    this.timer = setInterval(() => void this.poll(), POLL_MS);
    void this.poll();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  private async poll(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const { session } = this.init.control.state;
      if (session?.version) await this.fill(session);
    } catch (error) {
      this.init.logger.debug(
        { reason: error instanceof Error ? error.message : error },
        "lineage not whole yet",
      );
    } finally {
      this.busy = false;
    }
  }

  /** What is above a known-whole height was applied here, entry by entry: only a first look can find a gap. */
  private async fill(session: SessionState): Promise<void> {
    if (this.wholeTo.has(session.id)) return;
    const { lineage } = this.init;
    for (;;) {
      const gap = await lineage.firstGap(session.id, session.height);
      if (gap === null) break;
      if (!(await this.fetchFrom(session, gap))) return;
    }
    this.wholeTo.set(session.id, session.height);
    this.init.logger.debug({ session: session.id, height: session.height }, "lineage is whole");
  }

  private async fetchFrom(session: SessionState, from: number): Promise<boolean> {
    const peers = this.init.host.peers();
    const peer = peers[this.turn++ % Math.max(1, peers.length)]?.peer;
    if (peer === undefined) return false;
    const request = { v: 1 as const, session: session.id, from };
    const page = await this.init.host.rpc.call(peer, lineageMethod, request, { timeoutMs: PAGE_TIMEOUT_MS });
    let previous = from === 0 ? null : await this.init.lineage.get(session.id, from - 1);
    let expected = from;
    for (const bytes of page.certificates) {
      const certificate = decodeCertificate(bytes);
      const fault = this.faultOf(certificate, previous, session, expected);
      if (fault !== null) throw new Error(`${peer} sent a certificate for height ${expected}: ${fault}`);
      await this.init.lineage.put(certificate);
      previous = certificate;
      expected += 1;
    }
    return expected > from;
  }

  private faultOf(
    certificate: Certificate,
    previous: Certificate | null,
    session: SessionState,
    height: number,
  ): string | null {
    const { decision } = certificate;
    if (decision.session !== session.id || decision.height !== height) return "it is another one";
    if (height === session.height && session.parent !== null && decisionDigest(decision) !== session.parent) {
      return "it is not the one in the log";
    }
    return linkFault(previous, certificate) ?? certificateFault(certificate, this.init.verify);
  }
}
