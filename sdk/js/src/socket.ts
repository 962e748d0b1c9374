/** The part of a WebSocket that the client uses: a browser's, Node's own (from 22 on), or the `ws` package's. */

export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export type SocketConstructor = new (url: string) => SocketLike;

/** The platform's own. @throws TypeError where there is none, with what to do */
export function socketConstructor(given: SocketConstructor | undefined): SocketConstructor {
  const own = (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
  const chosen = given ?? own;
  if (chosen !== undefined) return chosen;
  throw new TypeError(
    "this platform has no WebSocket (Node has one from version 22 on): pass one as the client's option `WebSocket`, such as that of the ws package",
  );
}
