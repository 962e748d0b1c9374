/** One operation on the settings API of one node, and what can be said for certain about how it ended. */
import { Agent, type IncomingMessage, request } from "node:http";
import { z } from "zod";
import type { Operation, Outcome } from "./history.js";

/** A body past it is no answer of this API. */
const BODY_BYTES_MAX = 64 * 1024;
/** Kept of an error's message in a history. */
const REASON_CHARS_MAX = 300;

const settingSchema = z.object({ value: z.string(), revision: z.int().min(1) });
const writtenSchema = z.object({ revision: z.int().min(1) });
const errorSchema = z.object({
  error: z.object({
    name: z.string(),
    message: z.string(),
    details: z.object({
      committed: z.enum(["no", "unknown"]).optional(),
      revision: z.int().min(0).optional(),
    }),
  }),
});

/** An answer that docs/API.md does not know. What became of the operation is unknown then. */
class BrokenContract extends Error {}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * `node:http` and not `fetch`: it never sends a request a second time by itself, which would make two writes of one.
 */
export class SettingsClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** Whether the node answered the last time. */
  private reachable = false;
  /** The first answer that broke the API's promises. */
  broken: string | null = null;

  /**
   * @param timeoutMs after which nobody waits for an answer any more
   * @param consistency of its reads; what is read as `local` may be old
   */
  constructor(
    readonly url: string,
    private readonly timeoutMs: number,
    private readonly consistency: "linearizable" | "local" = "linearizable",
  ) {}

  /** Never rejects. */
  async run(operation: Operation): Promise<Outcome> {
    // A node that is down is found out by a question without consequences. So its clients know that they had no effect.
    if (!this.reachable) {
      const alive = await this.call("GET", "/health/live").catch((error: Error) => error);
      if (alive instanceof Error) return { event: "fail", reason: `not sent: ${alive.message}` };
    }
    try {
      const outcome = outcomeOf(operation, await this.send(operation));
      this.reachable = true;
      return outcome;
    } catch (error) {
      this.reachable = false;
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof BrokenContract) this.broken ??= reason;
      return { event: operation.op === "get" ? "fail" : "unknown", reason };
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private send(operation: Operation): Promise<Answer> {
    const path = `/api/v1/settings/${encodeURIComponent(operation.key)}`;
    if (operation.op === "get") return this.call("GET", `${path}?consistency=${this.consistency}`);
    const { expect } = operation;
    const headers: Record<string, string> = {};
    if (expect === 0) headers["If-None-Match"] = "*";
    else if (expect !== null) headers["If-Match"] = `"${expect}"`;
    if (operation.op === "delete") return this.call("DELETE", path, headers);
    return this.call("PUT", path, headers, JSON.stringify({ value: operation.value }));
  }

  private call(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body = "",
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(this.timeoutMs);
      const sized =
        body === ""
          ? headers
          : { ...headers, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
      const asked = request(`${this.url}${path}`, { method, headers: sized, agent: this.agent, signal });
      asked.on("response", (response) => answerOf(response).then(resolve, reject));
      asked.on("error", reject);
      asked.end(body);
    });
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk;
    if (text.length > BODY_BYTES_MAX) throw new Error(`an answer of more than ${BODY_BYTES_MAX} bytes`);
  }
  return { status: response.statusCode ?? 0, body: JSON.parse(text) };
}

/** @throws BrokenContract */
function outcomeOf({ op }: Operation, { status, body }: Answer): Outcome {
  if (status === 200 || status === 201) {
    if (op === "get") return { event: "ok", result: { kind: "value", ...as(settingSchema, body) } };
    return { event: "ok", result: { kind: "written", revision: as(writtenSchema, body).revision } };
  }
  const { name, message, details } = as(errorSchema, body).error;
  const reason = `${name}: ${message}`.slice(0, REASON_CHARS_MAX);
  if (name === "SETTING_NOT_FOUND") return { event: "ok", result: { kind: "absent" } };
  if (name === "SETTING_CONFLICT") {
    if (details.revision === undefined) throw new BrokenContract(`a conflict without a revision: ${message}`);
    return { event: "ok", result: { kind: "conflict", revision: details.revision } };
  }
  if (op === "get" || details.committed === "no") return { event: "fail", reason };
  if (details.committed === "unknown") return { event: "unknown", reason };
  throw new BrokenContract(`a refusal that does not say whether the change stands: ${reason}`);
}

function as<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new BrokenContract(`no answer of this API: ${JSON.stringify(body).slice(0, REASON_CHARS_MAX)}`);
}
