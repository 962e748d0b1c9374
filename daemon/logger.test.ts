import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { createLogger } from "./logger.js";

describe("createLogger", () => {
  function collect() {
    const lines: string[] = [];
    const stdout = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    return { lines, stdout, stderr: new PassThrough() };
  }

  it("writes one JSON object a line, with level and time as text", () => {
    const { lines, stdout } = collect();
    const logger = createLogger({ level: "info", format: "json" }, { stdout }).child({ part: "raft" });
    logger.info({ term: 3 }, "elected");
    logger.debug("not shown");
    assert.equal(lines.length, 1);
    const { time, ...rest } = JSON.parse(lines[0] as string);
    assert.deepEqual(rest, { level: "info", part: "raft", term: 3, msg: "elected" });
    assert.ok(!Number.isNaN(Date.parse(time)));
  });

  it("hides secrets at the top and one level down, and keeps errors readable", () => {
    const { lines, stdout } = collect();
    const logger = createLogger({ level: "info", format: "json" }, { stdout });
    logger.warn({ token: "s3cret", api: { jwtSecret: "s3cret" }, headers: { authorization: "s3cret" } }, "x");
    logger.error({ err: new Error("broken") }, "y");
    assert.doesNotMatch(lines.join(""), /s3cret/);
    assert.match(lines[1] as string, /broken/);
  });

  it("writes text for people to stderr when asked to, or by itself on a terminal", async () => {
    for (const [format, isTerminal] of [
      ["pretty", false],
      ["auto", true],
    ] as const) {
      const { lines, stdout, stderr } = collect();
      createLogger({ level: "info", format }, { stdout, stderr, isTerminal }).info({ port: 9 }, "listening");
      const [chunk] = await stderr.take(1).toArray();
      assert.match(String(chunk), /INFO.*listening/s);
      assert.deepEqual(lines, []);
    }
  });

  it("writes JSON by itself where there is no terminal, and nothing when silent", () => {
    const { lines, stdout } = collect();
    createLogger({ level: "silent", format: "auto" }, { stdout, isTerminal: false }).fatal("x");
    createLogger({ level: "info", format: "auto" }, { stdout, isTerminal: false }).info("y");
    assert.equal(lines.length, 1);
  });
});
