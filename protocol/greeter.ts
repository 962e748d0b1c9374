/**
 * Runs the handshake on every connection, keeps the table of peers, and turns away who does not belong: with the
 * reason, so that an operator finds it on whichever side he looks.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { ProtocolError, reasonOf } from "./errors.js";
import { answer, greet, HELLO_PROTOCOL, type Hello, type HelloOutcome } from "./hello.js";
import { HELLO_BYTES_MAX, HELLO_TIMEOUT_MS, REFUSAL_LINGER_MS } from "./limits.js";
import type { Logger } from "./logger.js";
import type { PeerTable } from "./peer_table.js";
import { type Refusal, RefusalLog } from "./refusal_log.js";
import { FrameStream } from "./streams.js";

export interface GreeterInit {
  readonly table: PeerTable;
  readonly hello: () => Hello;
  /** Recoveries that this node's operator has accepted; see `unacceptedRecovery`. */
  readonly acceptedRecoveries?: readonly string[];
  readonly logger: Logger;
  /** A refused peer is not dialed for a while. */
  readonly refused: (peer: string) => void;
  /** For the whole handshake of a connection. */
  readonly timeoutMs?: number;
}

export class Greeter {
  private readonly log = new RefusalLog();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly timeoutMs: number;

  constructor(private readonly init: GreeterInit) {
    this.timeoutMs = init.timeoutMs ?? HELLO_TIMEOUT_MS;
  }

  /** The newest last. */
  refusals(): Refusal[] {
    return this.log.all();
  }

  refusalCount(): number {
    return this.log.count;
  }

  opened(connection: Connection): void {
    const peer = connection.remotePeer.toString();
    this.init.table.opened(peer, connection.id);
    const timer = setTimeout(() => this.expired(connection), this.timeoutMs);
    this.timers.set(connection.id, timer);
    if (connection.direction === "outbound") void this.greet(connection);
  }

  closed(connection: Connection): void {
    this.clearTimer(connection.id);
    this.init.table.closed(connection.remotePeer.toString(), connection.id);
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  /** Says hello on an open connection: when it is new, and when what there is to say has changed. */
  async greet(connection: Connection): Promise<void> {
    await this.run(connection, async (hello) => {
      const stream = await connection.newStream(HELLO_PROTOCOL, {
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      return greet(this.framed(stream), hello, this.init.acceptedRecoveries);
    });
  }

  /** The handler of the protocol. */
  async answer(stream: Stream, connection: Connection): Promise<void> {
    await this.run(connection, (hello) => answer(this.framed(stream), hello, this.init.acceptedRecoveries));
  }

  private framed(stream: Stream): FrameStream {
    return new FrameStream(stream, { what: "hello", maxFrameBytes: HELLO_BYTES_MAX });
  }

  private async run(
    connection: Connection,
    handshake: (hello: Hello) => Promise<HelloOutcome>,
  ): Promise<void> {
    const peer = connection.remotePeer.toString();
    try {
      const said = this.init.hello();
      const outcome = await handshake(said);
      this.clearTimer(connection.id);
      if (outcome.kind === "refused") await this.refuse(connection, outcome.reason, outcome.byUs);
      else {
        this.accept(peer, connection.id, outcome.hello);
        // What there is to say changed under way, when this connection was not among those that were told.
        if (this.init.hello().formation !== said.formation) void this.greet(connection);
      }
    } catch (error) {
      this.clearTimer(connection.id);
      if (connection.status !== "open") return;
      this.init.logger.debug({ peer, reason: reasonOf(error) }, "the handshake failed");
      connection.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private accept(peer: string, connection: string, hello: Hello): void {
    const { name, version, protocol, swarm, formation } = hello;
    this.init.table.greeted(peer, connection, { peer, name, version, protocol, swarm, formation });
  }

  private async refuse(connection: Connection, reason: string, byUs: boolean): Promise<void> {
    const peer = connection.remotePeer.toString();
    this.log.add(peer, reason);
    this.init.refused(peer);
    this.init.logger.warn({ peer, reason, byUs }, `peer refused: ${reason}`);
    // The other side closes when it has read the reason; closing at once could overtake it.
    if (byUs) await closeOf(connection, REFUSAL_LINGER_MS);
    this.init.table.closed(peer, connection.id);
    await connection.close().catch((error: Error) => connection.abort(error));
  }

  private expired(connection: Connection): void {
    this.timers.delete(connection.id);
    const reason = `no hello in ${this.timeoutMs} ms`;
    this.init.logger.debug({ peer: connection.remotePeer.toString(), reason }, "connection closed");
    connection.abort(new ProtocolError("TIMEOUT", reason));
  }

  private clearTimer(connection: string): void {
    clearTimeout(this.timers.get(connection));
    this.timers.delete(connection);
  }
}

function closeOf(connection: Connection, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (connection.status !== "open") return resolve();
    const done = () => {
      clearTimeout(timer);
      connection.removeEventListener("close", done);
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    connection.addEventListener("close", done);
  });
}
