/** The network as one node's process sees it, in the shapes of `SwarmHost`: calls, gossip, Raft's channel and blobs. */
import {
  ProtocolError,
  RemoteError,
  type RpcHandler,
  type RpcMethod,
  type SignedManifest,
  verifyManifest,
} from "../../../protocol/index.js";
import type { BlobRef, Hash, Verify } from "../../../protocol/types.js";
import type { SimBlobs } from "../disk/sim_blobs.js";
import type { Agenda } from "../kernel/agenda.js";
import type { SimProcess } from "../kernel/sim_process.js";
import { SimGossip } from "./sim_gossip.js";
import type { SimNetwork } from "./sim_network.js";

const CALL_MS = 10_000;
const CONNECT_MS = 1;
/** Of a blob, from donor to disk. */
const TRANSFER_MS = 4;

type RpcGate = (from: string) => void;

interface Served {
  readonly gate: RpcGate;
  readonly answer: (request: unknown, from: string) => Promise<unknown>;
}

export interface SimHostInit {
  readonly self: string;
  readonly formation: Hash;
  readonly process: SimProcess;
  readonly network: SimNetwork;
  readonly agenda: Agenda;
  readonly blobs: SimBlobs;
  readonly verify: Verify;
}

export class SimHost {
  readonly gossip: SimGossip;
  /** Where Raft's messages go. */
  onRaft: ((from: string, message: Uint8Array) => void) | null = null;
  private readonly served = new Map<string, Served>();
  /** What this node does to its own questions; for one that lies. */
  question: (<T>(method: string, peer: string, request: T) => T) | null = null;

  constructor(private readonly init: SimHostInit) {
    this.gossip = new SimGossip(init.self, init.network, (message: SignedManifest) =>
      verifyManifest(message, init.verify),
    );
  }

  get bytesOf(): (hash: Hash) => Uint8Array | null {
    return (hash) => this.init.blobs.bytesOf(hash);
  }

  readonly raft = {
    send: (to: string, message: Uint8Array): void => {
      const { self, network } = this.init;
      if (!network.passes(self, to)) return;
      network.send({
        from: self,
        to,
        label: "raft",
        reliable: false,
        arrive: (host) => host.onRaft?.(self, message),
      });
    },
  };

  peers() {
    const { self, network, formation } = this.init;
    return network.names
      .filter((peer) => peer !== self && network.connected(self, peer))
      .map((peer) => ({ ...NO_HELLO, peer, name: peer, formation }));
  }

  isUp(peer: string): boolean {
    return this.init.network.connected(this.init.self, peer);
  }

  readonly rpc = {
    handle: <Request, Response>(
      method: RpcMethod<Request, Response>,
      handler: RpcHandler<Request, Response>,
      gate: RpcGate = () => undefined,
    ): (() => void) => {
      const answer = async (request: unknown, from: string) => {
        const response = await handler(method.request.parse(request), from, NEVER_ABORTED);
        return method.response.parse(response);
      };
      this.served.set(method.name, { gate, answer });
      return () => this.served.delete(method.name);
    },
    call: async <Request, Response>(
      peer: string,
      method: RpcMethod<Request, Response>,
      request: Request,
      { timeoutMs = CALL_MS }: { readonly timeoutMs?: number } = {},
    ): Promise<Response> => {
      const said = this.question?.(method.name, peer, request) ?? request;
      return method.response.parse(await this.ask(peer, method.name, said, timeoutMs));
    },
  };

  readonly blobs = {
    /** From whoever has it and can be reached, one after the other. */
    fetch: async (ref: BlobRef, sources: () => readonly string[]): Promise<void> => {
      const { self, network, blobs } = this.init;
      for (const peer of sources()) {
        if (blobs.stat(ref.hash) !== undefined) return;
        if (peer === self || !network.connected(self, peer)) continue;
        await this.pause(TRANSFER_MS);
        // The donor may have gone meanwhile.
        const bytes = network.connected(self, peer) ? network.hostOf(peer)?.bytesOf(ref.hash) : null;
        if (bytes) await blobs.put(bytes);
      }
      if (blobs.stat(ref.hash) !== undefined) return;
      await this.pause(CONNECT_MS);
      throw new ProtocolError("BLOB_UNAVAILABLE", `${ref.hash}: nobody gave it`);
    },
  };

  private pause(ms: number): Promise<void> {
    const { agenda, process } = this.init;
    return new Promise((resolve) => agenda.plan(ms, process, "transfer", resolve));
  }

  private ask(peer: string, method: string, request: unknown, timeoutMs: number): Promise<unknown> {
    const { self, network, process } = this.init;
    return new Promise((resolve, reject) => {
      const late = new ProtocolError("TIMEOUT", `${method}: ${peer} did not answer in ${timeoutMs} ms`);
      const timer = setTimeout(() => reject(late), timeoutMs);
      if (!network.connected(self, peer)) {
        clearTimeout(timer);
        const unreachable = new ProtocolError("PEER_UNREACHABLE", `${peer} cannot be reached`);
        void this.pause(CONNECT_MS).then(() => reject(unreachable));
        return;
      }
      const back = (settle: () => void): void =>
        network.send({
          from: peer,
          to: self,
          label: `${method} answered`,
          reliable: true,
          arrive: (host) => {
            // An answer to a life that is over comes to nobody.
            if (host !== this || !process.alive) return;
            clearTimeout(timer);
            settle();
          },
        });
      network.send({
        from: self,
        to: peer,
        label: method,
        reliable: true,
        arrive: (host) => {
          host.serve(method, request, self).then(
            (response) => back(() => resolve(response)),
            (error: unknown) => back(() => reject(remote(error, peer, method))),
          );
        },
      });
    });
  }

  private async serve(method: string, request: unknown, from: string): Promise<unknown> {
    const served = this.served.get(method);
    if (served === undefined) throw new ProtocolError("METHOD_UNKNOWN", `no method ${method}`);
    served.gate(from);
    return served.answer(request, from);
  }

  /** What this node does to the answers of one method; for one that lies. */
  override(
    method: string,
    answer: (honest: Served["answer"], request: unknown, from: string) => Promise<unknown>,
  ): void {
    const served = this.served.get(method);
    if (served === undefined) throw new Error(`no method ${method}`);
    this.served.set(method, {
      gate: served.gate,
      answer: (request, from) => answer(served.answer, request, from),
    });
  }
}

const NEVER_ABORTED = new AbortController().signal;
const NO_HELLO = { version: "sim", protocol: 1, swarm: "sim", sinceMs: 0 };

function remote(error: unknown, peer: string, method: string): RemoteError {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return new RemoteError(typeof code === "string" ? code : "INTERNAL", message, { peer, method });
}
