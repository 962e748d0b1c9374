/** What travels on the stream of events: its messages, and which of them are events. Pure. */
import type { SocketLike } from "./socket.js";

export const EVENT_TYPES = [
  "node_joined",
  "node_left",
  "training_progress",
  "consensus_vote",
  "model_update",
  "round_committed",
  "session_state",
  "alert",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface SwarmEvent<Data = Readonly<Record<string, unknown>>> {
  /** Pass it as `after` to go on behind it. */
  readonly id: string;
  readonly type: EventType;
  /** RFC 3339 in UTC. */
  readonly at: string;
  readonly data: Data;
}

export type StreamMessage =
  | { readonly kind: "event"; readonly event: SwarmEvent }
  /** The stream begins: behind `id`, and with a `gap` where events between are not there any more. */
  | { readonly kind: "begun"; readonly id: string; readonly gap: boolean }
  | {
      readonly kind: "error";
      readonly name: string;
      readonly code: number;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "other" };

/** The close code with which a node says that the credentials do not count. */
export const UNAUTHENTICATED_CLOSE = 4401;

export function streamUrl(baseUrl: string, types: readonly EventType[], after: string | null): string {
  const query = new URLSearchParams();
  if (types.length > 0) query.set("types", types.join(","));
  if (after !== null) query.set("after", after);
  const text = query.toString();
  return `${baseUrl.replace(/^http/, "ws")}/api/v1/ws${text === "" ? "" : `?${text}`}`;
}

/** A WebSocket of a browser can set no headers: who asks is its first message. */
export function sendToken(socket: SocketLike, token: string): void {
  socket.send(JSON.stringify({ type: "auth", token }));
}

/** What is not understood is passed over: a later node may say more. */
export function messageOf(text: string): StreamMessage {
  let message: Partial<Record<"id" | "type" | "at" | "data", unknown>>;
  try {
    message = (JSON.parse(text) as typeof message | null) ?? {};
  } catch {
    return { kind: "other" };
  }
  const { id, type, at, data } = message;
  const facts = (typeof data === "object" && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
  if (type === "hello" || type === "resumed")
    return typeof id === "string" ? { kind: "begun", id, gap: facts.gap === true } : { kind: "other" };
  if (type === "error") {
    const details = (facts.details ?? {}) as Readonly<Record<string, unknown>>;
    return {
      kind: "error",
      name: String(facts.name),
      code: Number(facts.code),
      message: String(facts.message),
      details,
    };
  }
  const known = EVENT_TYPES.find((one) => one === type);
  if (known === undefined || typeof id !== "string" || typeof at !== "string") return { kind: "other" };
  return { kind: "event", event: { id, type: known, at, data: facts } };
}
