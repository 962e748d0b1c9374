/**
 * Many WebSocket clients in one process. Frames are taken apart by hand, so that what is measured is the server and the
 * network, as far as one process can listen for all of them.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { onQuestion, partReady } from "./part.js";
import { percentile } from "./percentile.js";

export interface Delivered {
  readonly messages: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const [address = "", token = "", count = "1000"] = process.argv.slice(2);
/** Connections that are being opened at a time. */
const OPENING = 32;
const SENT = Buffer.from('"sent":');
/** What has not come this long after the last event is lost. */
const LATE_MS = 5000;
const delays: number[] = [];

function heard(payload: Buffer): void {
  const at = payload.indexOf(SENT);
  if (at < 0) return;
  const sentMs = Number.parseFloat(payload.toString("latin1", at + SENT.length));
  delays.push(performance.timeOrigin + performance.now() - sentMs);
}

/** Text frames of a server: whole, unmasked. @returns what is left of the last one */
function takeFrames(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes.length - at >= 2) {
    const short = (bytes[at + 1] as number) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length - at < head) break;
    const length =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length - at < head + length) break;
    if (((bytes[at] as number) & 0x0f) === 1) heard(bytes.subarray(at + head, at + head + length));
    at += head + length;
  }
  return bytes.subarray(at);
}

async function listen(): Promise<Socket> {
  const asked = request(`${address}/api/v1/ws`, {
    agent: false,
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      ...(token === "" ? {} : { Authorization: `Bearer ${token}` }),
    },
  });
  asked.end();
  const [, socket, head] = (await once(asked, "upgrade")) as [unknown, Socket, Buffer];
  let rest = takeFrames(head);
  socket.on("data", (chunk: Buffer) => {
    rest = takeFrames(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
  });
  return socket;
}

const sockets: Socket[] = [];
const wanted = Number(count);
let opening = 0;
await Promise.all(
  Array.from({ length: OPENING }, async () => {
    while (opening < wanted) {
      opening += 1;
      sockets.push(await listen());
    }
  }),
);

onQuestion({
  delivered: async ({ events }: { events: number }): Promise<Delivered> => {
    const untilMs = performance.now() + LATE_MS;
    while (delays.length < events * wanted && performance.now() < untilMs) await sleep(50);
    const sorted = Float64Array.from(delays).sort();
    return {
      messages: sorted.length,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? Number.NaN,
    };
  },
});
partReady({ connected: sockets.length });
