/**
 * A registrar for gossipsub that keeps inbound streams from it until their peer has passed the handshake. gossipsub
 * marks a message as seen before any validator is asked: one that a peer without a hello brought first would be lost
 * when an honest peer brings it. So nothing of such a peer may reach it at all.
 */
import type { GossipSubComponents } from "@chainsafe/libp2p-gossipsub";
import type { Connection, Stream, StreamHandler } from "@libp2p/interface";
import { ProtocolError } from "../errors.js";

type Registrar = GossipSubComponents["registrar"];

/** Whether a peer has passed its handshake, once those under way have ended; their own timeout bounds the wait. */
export type Admitted = (peer: string) => boolean | Promise<boolean>;

export function heldRegistrar(registrar: Registrar, admitted: Admitted): Registrar {
  return {
    getProtocols: () => registrar.getProtocols(),
    handle: (protocol, handler, options) => registrar.handle(protocol, held(handler, admitted), options),
    unhandle: (protocol, options) => registrar.unhandle(protocol, options),
    getHandler: (protocol) => registrar.getHandler(protocol),
    use: (protocol, middleware) => registrar.use(protocol, middleware),
    unuse: (protocol) => registrar.unuse(protocol),
    getMiddleware: (protocol) => registrar.getMiddleware(protocol),
    register: (protocol, topology, options) => registrar.register(protocol, topology, options),
    unregister: (id) => registrar.unregister(id),
    getTopologies: (protocol) => registrar.getTopologies(protocol),
  };
}

/** The stream takes no data while it is held: what the peer sends meanwhile waits in its window. */
function held(handler: StreamHandler, admitted: Admitted): StreamHandler {
  return (stream, connection) => {
    const verdict = admitted(connection.remotePeer.toString());
    if (verdict === true) return handler(stream, connection);
    void release(stream, connection, handler, Promise.resolve(verdict));
  };
}

async function release(
  stream: Stream,
  connection: Connection,
  handler: StreamHandler,
  verdict: Promise<boolean>,
): Promise<void> {
  const peer = connection.remotePeer.toString();
  try {
    stream.pause();
    if (!(await verdict)) throw new ProtocolError("PEER_REFUSED", `${peer} has not passed the handshake`);
    stream.resume();
    await handler(stream, connection);
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
