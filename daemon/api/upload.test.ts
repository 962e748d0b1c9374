import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { ServiceError } from "../services/errors.js";
import type { ApiServer } from "./index.js";
import { startTestApi } from "./testing/api.js";

/** Says in its refusal how much of the body arrived: the model store is not what is tested here. */
const counting = {
  upload: async (_: unknown, body: Readable): Promise<never> => {
    const { length } = await buffer(body);
    throw new ServiceError("MODEL_INVALID", `${length} bytes`);
  },
};

describe("daemon/api: uploads", () => {
  let api: ApiServer;
  afterEach(() => api.stop());
  const send = (length: number, query = ""): Socket => {
    const socket = connect(Number(new URL(api.address).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(
      `POST /api/v1/models/upload${query} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-tar\r\nContent-Length: ${length}\r\n\r\n`,
    );
    return socket;
  };
  const read = async (socket: Socket): Promise<string> => {
    let answer = "";
    try {
      for await (const chunk of socket) answer += chunk;
    } catch {
      // What was said before the connection was cut counts.
    }
    return answer;
  };
  /** A byte every now and then, until the connection ends. */
  const trickle = async (socket: Socket): Promise<string> => {
    const timer = setInterval(() => socket.write("x"), 10);
    const answer = await read(socket);
    clearInterval(timer);
    return answer;
  };

  it("may take longer than other bodies", async () => {
    api = await startTestApi({ models: counting, limits: { requestTimeoutMs: 50, keepAliveTimeoutMs: 50 } });
    const socket = send(30);
    const timer = setInterval(() => socket.write("x"), 10);
    socket.once("data", () => clearInterval(timer));
    assert.match(await read(socket), /^HTTP\/1\.1 422 .*"30 bytes"/s);
  });

  it("end with an answer when nothing comes any more", async () => {
    api = await startTestApi({ models: counting, limits: { uploadIdleMs: 100 } });
    const socket = send(100);
    socket.write("x");
    assert.match(
      await read(socket),
      /^HTTP\/1\.1 408 .*REQUEST_TIMEOUT.*nothing of the body came for 100 ms/s,
    );
  });

  it("end with an answer when all of it takes too long", async () => {
    api = await startTestApi({ models: counting, limits: { uploadTotalMs: 200 } });
    const answer = await trickle(send(100_000));
    assert.match(answer, /^HTTP\/1\.1 408 .*REQUEST_TIMEOUT.*did not arrive within 200 ms/s);
  });

  it("are bounded in time after they were refused, too", async () => {
    api = await startTestApi({ models: counting, limits: { uploadTotalMs: 200 } });
    assert.match(await trickle(send(100_000, "?unknown=1")), /^HTTP\/1\.1 400 /);
  });

  it("are not late while this side does not take more", async () => {
    let taken: (() => void) | null = null;
    const upload = async (_: unknown, body: Readable): Promise<never> => {
      await new Promise<void>((resolve) => {
        taken = resolve;
      });
      return counting.upload(_, body);
    };
    api = await startTestApi({ models: { upload }, limits: { uploadIdleMs: 20, keepAliveTimeoutMs: 50 } });
    const length = 8 * 1024 * 1024;
    const socket = send(length);
    socket.write(Buffer.alloc(length));
    const answer = read(socket);
    // Several times longer than nothing may come.
    await new Promise((resolve) => setTimeout(resolve, 200));
    (taken as (() => void) | null)?.();
    assert.match(await answer, new RegExp(`^HTTP/1\\.1 422 .*"${length} bytes"`, "s"));
  });
});
