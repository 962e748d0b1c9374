import assert from "node:assert/strict";
import { STREAM_FRAMES_PER_TURN } from "./limits.js";
import { ReceiveBudget } from "./receive_budget.js";
import { FrameStream } from "./streams.js";
import { eventually, TestHosts } from "./testing/hosts.js";

const PROTOCOL = "/test/frames";
const MAX_BYTES = 12 * 1024 * 1024;
const length = (bytes: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes);
  return header;
};

describe("protocol/streams", () => {
  const hosts = new TestHosts();
  let ours: FrameStream;
  let theirs: FrameStream;
  beforeEach(async () => {
    const listener = await hosts.raw({ listen: ["/ip4/127.0.0.1/tcp/0"] });
    const dialer = await hosts.raw();
    const accepted = new Promise<FrameStream>((resolve) => {
      void listener.node.handle(PROTOCOL, (stream) =>
        resolve(new FrameStream(stream, { what: "ours", maxFrameBytes: MAX_BYTES })),
      );
    });
    await dialer.dial(listener);
    theirs = await dialer.frames(PROTOCOL, MAX_BYTES);
    // The protocol is only agreed on once something is sent.
    await theirs.write(Uint8Array.of(1), 5000);
    ours = await accepted;
    assert.deepEqual(await ours.read(5000), Uint8Array.of(1));
  });
  afterEach(() => hosts.stop());

  it("carries frames of any size in order, both ways at once, and ends with null", async () => {
    const sizes = [0, 1, 4, 65_535, 65_536, 262_144, 262_145, 5_000_000, 0, MAX_BYTES, 3];
    const send = async (frames: FrameStream) => {
      for (const [i, size] of sizes.entries()) await frames.write(new Uint8Array(size).fill(i), 10_000);
      await frames.close();
    };
    const receive = async (frames: FrameStream) => {
      for (const [i, size] of sizes.entries()) {
        const frame = await frames.read(10_000);
        assert.equal(frame?.length, size);
        assert.ok(frame.every((b) => b === i));
      }
      assert.equal(await frames.read(10_000), null);
    };
    await Promise.all([send(ours), send(theirs), receive(ours), receive(theirs)]);
  });

  it("holds the writer back while nobody reads, again and again", async () => {
    const frame = new Uint8Array(1024 * 1024);
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < 60; i++) {
        await theirs.write(frame, 15_000);
        written += 1;
      }
    })();
    let settledAt = -1;
    await eventually(async () => {
      settledAt = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return written === settledAt;
    });
    assert.ok(written < 20, `${written} MiB in flight`);
    assert.ok(theirs.stream.writeBufferLength <= 2 * frame.length);
    for (let i = 0; i < 60; i++) {
      assert.equal((await ours.read(10_000))?.length, frame.length);
      assert.ok(
        theirs.stream.writeBufferLength <= 2 * frame.length,
        "backpressure holds after the first drain too",
      );
    }
    await writing;
  });

  it("reads what was held back in full before anyone asked for it", async () => {
    for (let i = 0; i < 3; i++) {
      // More than is read ahead, so that it is held back, but within yamux's first window of 256 KiB: whether a window
      // has grown depends on how fast the machine is, and nobody reads while this is written.
      const frames = [1, 100_000, 100_000];
      for (const size of frames) await theirs.write(new Uint8Array(size), 5000);
      // Everything has arrived and nothing more will come that could wake a reader.
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const size of frames) assert.equal((await ours.read(5000))?.length, size);
    }
  });

  it("lets others have their turn while it reads what is there already", async () => {
    const frames = 20 * STREAM_FRAMES_PER_TURN;
    const one = Buffer.concat([length(2), Buffer.from("ab")]);
    theirs.stream.send(Buffer.concat(Array.from({ length: frames }, () => one)));
    let turns = 0;
    let done = false;
    const turn = () => {
      turns += 1;
      if (!done) setImmediate(turn);
    };
    assert.equal((await ours.read(5000))?.length, 2);
    await eventually(() => ours.stream.readBufferLength === 0);
    setImmediate(turn);
    for (let i = 1; i < frames; i++)
      assert.equal((await ours.read(null, { frameTimeoutMs: 5000 }))?.length, 2);
    done = true;
    assert.ok(turns >= 19, `${turns} turns`);
  });

  it("does not begin a large frame that there is no room for, and goes on when there is", async () => {
    const budget = new ReceiveBudget({ bytes: 1_000_000, strangersBytes: 1_000_000 });
    const options = { what: "budgeted", maxFrameBytes: MAX_BYTES, budget };
    const held = budget.lease(900_000, false, () => {});
    const frames = new FrameStream(ours.stream, options);
    const writing = theirs.write(new Uint8Array(800_000), 10_000);
    const reading = frames.read(10_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(ours.stream.readBufferLength < 800_000);
    let got = 0;
    void reading.then((frame) => {
      got = frame?.length ?? -1;
    });
    await new Promise(setImmediate);
    assert.equal(got, 0);
    held.release();
    assert.equal((await reading)?.length, 800_000);
    await writing;
    assert.ok(budget.lease(1_000_000, false, () => {}).granted, "its room is free again");
  });

  it("gives its place up when its time is over", async () => {
    const budget = new ReceiveBudget({ bytes: 1_000_000, strangersBytes: 1_000_000 });
    const held = budget.lease(1_000_000, false, () => {});
    const frames = new FrameStream(ours.stream, { what: "late", maxFrameBytes: MAX_BYTES, budget });
    theirs.stream.send(length(500_000));
    await assert.rejects(frames.read(100), { code: "TIMEOUT" });
    held.release();
    assert.ok(budget.lease(1_000_000, false, () => {}).granted);
  });

  it("resets a stream whose frame is too large, before it arrives", async () => {
    theirs.stream.send(length(MAX_BYTES + 1));
    await assert.rejects(ours.read(5000), {
      code: "MESSAGE_TOO_LARGE",
      message: /12582913 bytes, at most 12582912/,
    });
    await eventually(() => theirs.stream.status !== "open");
    await assert.rejects(theirs.read(100), { code: "STREAM_CLOSED" });
    await assert.rejects(theirs.write(Uint8Array.of(1), 100), { code: "STREAM_CLOSED" });
  });

  it("gives a single read its own, smaller bound", async () => {
    await theirs.write(new Uint8Array(11), 1000);
    await assert.rejects(ours.read(5000, { maxBytes: 10 }), { code: "MESSAGE_TOO_LARGE" });
  });

  it("does not wait for a frame that trickles in", async () => {
    theirs.stream.send(Buffer.concat([length(1000), Buffer.alloc(10)]));
    await assert.rejects(ours.read(100), { code: "TIMEOUT" });
    await eventually(() => theirs.stream.status !== "open");
  });

  it("waits without a bound for a frame to begin, but not for it to end", async () => {
    const reading = ours.read(null, { frameTimeoutMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await theirs.write(Uint8Array.of(7), 1000);
    assert.deepEqual(await reading, Uint8Array.of(7));
    theirs.stream.send(length(5).subarray(0, 3));
    await assert.rejects(ours.read(null, { frameTimeoutMs: 100 }), { code: "TIMEOUT" });
  });

  it("tells the end between frames from the end inside one", async () => {
    theirs.stream.send(Buffer.concat([length(2), Buffer.alloc(2), length(9), Buffer.alloc(3)]));
    await theirs.close();
    assert.equal((await ours.read(1000))?.length, 2);
    await assert.rejects(ours.read(1000), { code: "STREAM_CLOSED", message: /ended inside a frame/ });
  });

  it("fails reads and writes under way when the other side resets", async () => {
    const reading = ours.read(10_000);
    theirs.abort(new Error("reset"));
    await assert.rejects(reading, { code: "STREAM_CLOSED" });
  });

  it("gives up a write that is not taken", async () => {
    const frame = new Uint8Array(MAX_BYTES);
    const writing = (async () => {
      for (;;) await theirs.write(frame, 200);
    })();
    await assert.rejects(writing, { code: "TIMEOUT" });
    assert.notEqual(theirs.stream.status, "open");
  });
});
