import assert from "node:assert/strict";
import { z } from "zod";
import { encode } from "./codec.js";
import { ProtocolError } from "./errors.js";
import { createIdentity } from "./identity.js";
import {
  RPC_CALLS_MAX,
  RPC_CALLS_PER_PEER_MAX,
  RPC_SERVED_MAX,
  RPC_SERVED_PER_PEER_MAX,
  RPC_SERVED_PER_STRANGER_MAX,
  RPC_SERVED_RESERVED,
} from "./limits.js";
import { silentLogger } from "./logger.js";
import { ReceiveBudget } from "./receive_budget.js";
import { defineMethod, Rpc, rpcProtocol } from "./rpc.js";
import { eventually, TEST_SWARM, type TestHost, TestHosts } from "./testing/hosts.js";

const numbers = z.object({ v: z.literal(1), values: z.array(z.number()) });
const sum = defineMethod({
  name: "sum",
  request: numbers,
  response: z.object({ v: z.literal(1), sum: z.number() }),
  maxRequestBytes: 1000,
});
const bulk = defineMethod({
  name: "bulk",
  request: z.object({ bytes: z.instanceof(Uint8Array) }),
  response: z.object({ bytes: z.instanceof(Uint8Array) }),
  maxResponseBytes: 5_000_000,
});
const slow = defineMethod({ name: "slow", request: z.object({}), response: z.object({}) });

class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

describe("protocol/rpc", () => {
  const hosts = new TestHosts();
  let client: TestHost;
  let server: TestHost;
  beforeEach(async () => {
    const preferred = () => true;
    [server, client] = (await hosts.swarm(2, { preferred })) as [TestHost, TestHost];
  });
  afterEach(() => hosts.stop());

  const call = (values: number[]) => client.host.rpc.call(server.host.peerId, sum, { v: 1, values });

  it("brings a request to its handler and the answer back, with the caller's name", async () => {
    const callers: string[] = [];
    server.host.rpc.handle(sum, async ({ values }, from) => {
      callers.push(from);
      return { v: 1, sum: values.reduce((a, b) => a + b, 0) };
    });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => call([i, 1])));
    assert.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, i) => ({ v: 1, sum: i + 1 })),
    );
    assert.deepEqual([...new Set(callers)], [client.host.peerId]);
  });

  it("carries megabytes both ways", async () => {
    server.host.rpc.handle(bulk, async ({ bytes }) => ({ bytes }));
    const bytes = new Uint8Array(4_000_000).map((_, i) => i % 253);
    const back = await client.host.rpc.call(server.host.peerId, bulk, { bytes });
    assert.deepEqual(Buffer.from(back.bytes), Buffer.from(bytes));
  });

  it("carries a handler's error with its code, and keeps the node's own troubles to itself", async () => {
    const errors: [Error, string, RegExp][] = [
      [new Refusal("NOT_LEADER", "ask another"), "NOT_LEADER", /^ask another$/],
      [new Error("password is hunter2"), "INTERNAL", /^the node failed to answer/],
      [
        Object.assign(new Error("ENOENT: /secret"), { code: "ENOENT", syscall: "open" }),
        "INTERNAL",
        /^the node/,
      ],
      [new Refusal("NOT_LEADER", "x".repeat(10_000)), "NOT_LEADER", /^x{512}$/],
    ];
    for (const [error, code, message] of errors) {
      server.host.rpc.handle(sum, async () => {
        throw error;
      });
      await assert.rejects(call([1]), { name: "RemoteError", code, message });
    }
  });

  it("answers an unknown method, a bad request and a bad response in words", async () => {
    await assert.rejects(call([1]), { code: "METHOD_UNKNOWN", message: /does not offer sum/ });
    server.host.rpc.handle(sum, async () => ({ v: 1, sum: 1 }));
    const loose = defineMethod({ ...sum, request: z.object({ v: z.literal(1), values: z.string() }) });
    const bad = client.host.rpc.call(server.host.peerId, loose, { v: 1, values: "x" });
    await assert.rejects(bad, {
      name: "RemoteError",
      code: "MESSAGE_MALFORMED",
      message: /request sum: values/,
    });
    const strict = defineMethod({ ...sum, response: z.object({ product: z.number() }) });
    const odd = client.host.rpc.call(server.host.peerId, strict, { v: 1, values: [] });
    await assert.rejects(odd, { name: "ProtocolError", code: "MESSAGE_MALFORMED", message: /product/ });
  });

  it("refuses what is too large at the side that made it", async () => {
    server.host.rpc.handle(sum, async () => ({ v: 1, sum: 1 }));
    await assert.rejects(call(Array(1000).fill(0.1)), { code: "MESSAGE_TOO_LARGE", message: /request sum/ });
    server.host.rpc.handle(bulk, async () => ({ bytes: new Uint8Array(6_000_000) }));
    const large = client.host.rpc.call(server.host.peerId, bulk, { bytes: new Uint8Array() });
    await assert.rejects(large, { name: "RemoteError", code: "MESSAGE_TOO_LARGE", message: /response bulk/ });
  });

  it("gives up in time, when called off, and when the peer is not there", async () => {
    const signals: AbortSignal[] = [];
    server.host.rpc.handle(slow, async (_request, _from, signal) => {
      signals.push(signal);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return {};
    });
    const { rpc } = client.host;
    const peer = server.host.peerId;
    await assert.rejects(rpc.call(peer, slow, {}, { timeoutMs: 50 }), { code: "TIMEOUT" });
    const controller = new AbortController();
    const called = rpc.call(peer, slow, {}, { signal: controller.signal });
    await eventually(() => signals.length === 2);
    controller.abort();
    await assert.rejects(called, { code: "ABORTED" });
    await eventually(() => signals.every((s) => s.aborted));
    await assert.rejects(rpc.call(createIdentity().peerId, slow, {}), { code: "PEER_UNREACHABLE" });
    const dying = rpc.call(peer, slow, {});
    await eventually(() => signals.length === 3);
    await server.host.stop();
    await assert.rejects(dying, (e: Error) => e instanceof ProtocolError);
  });

  it("serves a bounded number of calls of one peer and says so to the others", async () => {
    const release: (() => void)[] = [];
    server.host.rpc.handle(slow, async () => {
      await new Promise<void>((resolve) => release.push(resolve));
      return {};
    });
    const outcomes: string[] = [];
    const calls = Array.from({ length: RPC_SERVED_PER_PEER_MAX + 5 }, () =>
      client.host.rpc.call(server.host.peerId, slow, {}, { timeoutMs: 15_000 }).then(
        () => outcomes.push("ok"),
        (error) => outcomes.push(error.code),
      ),
    );
    await eventually(() => outcomes.length === 5 && release.length === RPC_SERVED_PER_PEER_MAX);
    assert.deepEqual(outcomes, Array(5).fill("OVERLOADED"));
    for (const resolve of release) resolve();
    await Promise.all(calls);
    assert.equal(outcomes.filter((o) => o === "ok").length, RPC_SERVED_PER_PEER_MAX);
    const again = client.host.rpc.call(server.host.peerId, slow, {});
    await eventually(() => release.length > RPC_SERVED_PER_PEER_MAX);
    release.at(-1)?.();
    await again;
  });

  it("answers members while greedy strangers hold all that strangers may", async () => {
    const strangers = new Set<string>();
    const host = await hosts.host({ preferred: (peer) => !strangers.has(peer) });
    const release: (() => void)[] = [];
    host.host.rpc.handle(sum, async () => ({ v: 1, sum: 1 }));
    host.host.rpc.handle(slow, async () => {
      await new Promise<void>((resolve) => release.push(resolve));
      return {};
    });
    const needed = (RPC_SERVED_MAX - RPC_SERVED_RESERVED) / RPC_SERVED_PER_STRANGER_MAX;
    const outcomes: string[] = [];
    for (let i = 0; i <= needed; i++) {
      const raw = await hosts.raw();
      strangers.add(raw.identity.peerId);
      await raw.join(host.host);
      for (let n = 0; n <= RPC_SERVED_PER_STRANGER_MAX; n++) {
        const frames = await raw.frames(rpcProtocol(TEST_SWARM));
        await frames.write(encode({ v: 1, method: "slow" }), 5000);
        await frames.write(encode({}), 5000);
        void frames.read(60_000).then(
          (answer) =>
            outcomes.push(Buffer.from(answer ?? []).includes("OVERLOADED") ? "OVERLOADED" : "other"),
          () => outcomes.push("reset"),
        );
      }
    }
    const refused = needed + RPC_SERVED_PER_STRANGER_MAX + 1;
    await eventually(() => outcomes.length === refused);
    assert.deepEqual(outcomes, Array(refused).fill("OVERLOADED"));
    assert.equal(release.length, RPC_SERVED_MAX - RPC_SERVED_RESERVED);
    await client.host.dial(host.host.addresses()[0] as string);
    assert.deepEqual(await client.host.rpc.call(host.host.peerId, sum, { v: 1, values: [] }), {
      v: 1,
      sum: 1,
    });
    for (const resolve of release) resolve();
  }).timeout(60_000);

  it("refuses whom a method is not for before it takes the body, and the caller hears why", async () => {
    const bodies: number[] = [];
    const upload = defineMethod({ ...bulk, maxRequestBytes: 8_000_000 });
    server.host.rpc.handle(
      upload,
      async ({ bytes }) => {
        bodies.push(bytes.length);
        return { bytes: new Uint8Array() };
      },
      () => {
        throw new Refusal("NOT_LEADER", "only the leader asks this");
      },
    );
    const large = client.host.rpc.call(server.host.peerId, upload, { bytes: new Uint8Array(7_000_000) });
    await assert.rejects(large, { name: "RemoteError", code: "NOT_LEADER" });
    assert.deepEqual(bodies, []);
    server.host.rpc.handle(sum, async () => ({ v: 1, sum: 1 }));
    assert.deepEqual(await call([1]), { v: 1, sum: 1 }, "the connection goes on");
  });

  it("bounds its own calls, to one peer and in all", async () => {
    const never = () => new Promise<never>(() => {});
    const budget = new ReceiveBudget({ bytes: 1, strangersBytes: 1 });
    const streams = { self: "self", open: never, handle: never };
    const rpc = new Rpc({ streams, swarmId: "s", logger: silentLogger, isPreferred: () => true, budget });
    const outcomes: Promise<string>[] = [];
    const ask = (peer: string) => {
      const outcome = rpc.call(peer, slow, {}, { timeoutMs: 60_000 }).then(
        () => "ok",
        (error) => error.code,
      );
      outcomes.push(outcome);
      return outcome;
    };
    for (let i = 0; i < RPC_CALLS_PER_PEER_MAX; i++) void ask("a");
    assert.equal(await ask("a"), "OVERLOADED");
    for (let i = RPC_CALLS_PER_PEER_MAX; i < RPC_CALLS_MAX; i++) void ask(`b${i}`);
    assert.equal(await ask("c"), "OVERLOADED");
    rpc.stop();
    const all = await Promise.all(outcomes);
    assert.equal(all.filter((o) => o === "STOPPED").length, RPC_CALLS_MAX);
  });

  it("dials a peer that it knows and is not connected to", async () => {
    server.host.rpc.handle(sum, async () => ({ v: 1, sum: 7 }));
    const third = await hosts.host();
    const address = server.host.addresses()[0] as string;
    await third.host.dial(address);
    assert.equal((await third.host.rpc.call(server.host.peerId, sum, { v: 1, values: [] })).sum, 7);
  });

  it("survives junk, truncation, oversize and silence on raw streams", async () => {
    server.host.rpc.handle(sum, async () => ({ v: 1, sum: 1 }));
    const raw = await hosts.raw();
    await raw.join(server.host);
    const protocol = rpcProtocol(TEST_SWARM);
    const write = async (bytes: Uint8Array, end: boolean) => {
      const stream = await raw.open(protocol);
      stream.send(bytes);
      if (end) await stream.close();
      return stream;
    };
    const header = Buffer.from(encode({ v: 1, method: "sum" }));
    const length = (n: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(n);
      return bytes;
    };
    const reset = [
      await write(Buffer.alloc(1000, 0xff), false),
      await write(length(5000), false),
      await write(Buffer.concat([length(header.length), header.subarray(0, 5)]), true),
      await write(Buffer.concat([length(header.length), header, length(1001)]), false),
      await write(Buffer.concat([length(3), Buffer.from("abc")]), false),
    ];
    await eventually(() => reset.every((s) => s.status !== "open" || s.remoteWriteStatus === "closed"));
    // A caller that says nothing costs one of its own slots until its time is up, and nobody else's.
    for (let i = 0; i < 10; i++) await write(length(3).subarray(0, 2), false);
    assert.deepEqual(await call([1]), { v: 1, sum: 1 });
  });

  it("does not answer those who have not said hello", async () => {
    let calls = 0;
    server.host.rpc.handle(sum, async () => ({ v: 1, sum: ++calls }));
    const raw = await hosts.raw();
    const connection = await raw.dial(server.host);
    const frames = await raw.frames(rpcProtocol(TEST_SWARM));
    await frames.write(encode({ v: 1, method: "sum" }), 1000);
    await frames.write(encode({ v: 1, values: [1] }), 1000);
    await connection.close();
    assert.deepEqual(await call([1]), { v: 1, sum: 1 });
    assert.equal(calls, 1);
  });
});
