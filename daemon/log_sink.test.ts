import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { LogSink } from "./log_sink.js";

describe("LogSink", () => {
  /** A stream that takes a line only when it is let. */
  function reader() {
    const taken: string[] = [];
    const waiting: (() => void)[] = [];
    const stream = new Writable({
      highWaterMark: 1,
      write: (chunk, _encoding, done) => {
        waiting.push(() => {
          taken.push(String(chunk));
          done();
        });
      },
    });
    const take = async (lines: number) => {
      for (let i = 0; i < lines; i++) {
        waiting.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { stream, taken, take };
  }

  it("drops past its bound, and says how many once half of it is free again", async () => {
    const { stream, taken, take } = reader();
    const told: number[] = [];
    const sink = new LogSink(stream, (lines) => told.push(lines), 40);
    for (let i = 0; i < 7; i++) sink.write(`line ${i}...\n`);
    assert.equal(stream.writableLength, 40);
    await take(1);
    sink.write("dropped too\n");
    assert.deepEqual(told, []);
    await take(1);
    sink.write("after\n");
    assert.deepEqual(told, [4]);
    await take(3);
    assert.deepEqual(taken, ["line 0...\n", "line 1...\n", "line 2...\n", "line 3...\n", "after\n"]);
  });

  it("says what it dropped also when nothing more is logged", async () => {
    const { stream, take } = reader();
    const told: number[] = [];
    const sink = new LogSink(stream, (lines) => told.push(lines), 20);
    for (let i = 0; i < 5; i++) sink.write(`line ${i}...\n`);
    await take(2);
    assert.deepEqual(told, [3]);
  });

  let child: ChildProcess | null = null;
  afterEach(() => {
    child?.kill("SIGKILL");
    child = null;
  });

  for (const format of ["json", "pretty"] as const) {
    it(`lets a process go on whose ${format} log nobody reads, and tells the gap afterwards`, async () => {
      child = spawn(process.execPath, ["--input-type=module", "-e", TALKER, format], {
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      });
      // Nobody reads the log while it writes several times what the pipe and the buffer hold.
      const [said] = await once(child, "message");
      assert.equal(said, "still here");
      const log = format === "json" ? child.stdout : child.stderr;
      assert.ok(log !== null);
      let gap: string | null = null;
      for await (const line of createInterface(log)) {
        if (!line.includes("log lines were dropped")) continue;
        gap = line;
        break;
      }
      assert.ok(gap !== null, "the gap was never told");
    });
  }
});

/** Logs far more than is kept, one turn of the event loop after the other, then says that it got there. */
const TALKER = `
  const { createLogger } = await import(${JSON.stringify(new URL("./logger.js", import.meta.url).href)});
  const logger = createLogger({ level: "info", format: process.argv[1] });
  for (let i = 0; i < 400; i++) {
    logger.info({ i, padding: "x".repeat(10_000) }, "talking");
    await new Promise((resolve) => setImmediate(resolve));
  }
  process.send("still here");
  setInterval(() => {}, 1000);
`;
