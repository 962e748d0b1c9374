import assert from "node:assert/strict";
import { Greeter } from "./greeter.js";
import { HELLO_PROTOCOL, type Hello, helloOf } from "./hello.js";
import { HELLO_BYTES_MAX, REFUSALS_MAX } from "./limits.js";
import { type Logger, silentLogger } from "./logger.js";
import { PeerTable } from "./peer_table.js";
import { RefusalLog } from "./refusal_log.js";
import { eventually, type RawPeer, TestHosts } from "./testing/hosts.js";

const LISTEN = ["/ip4/127.0.0.1/tcp/0"];

describe("protocol/greeter", () => {
  const hosts = new TestHosts();
  const greeters: Greeter[] = [];
  afterEach(() => {
    for (const greeter of greeters.splice(0)) greeter.stop();
    return hosts.stop();
  });

  /** A node that does nothing but greet. */
  async function greeting(changes: Partial<Hello> = {}, timeoutMs = 10_000) {
    const raw = await hosts.raw({ listen: LISTEN });
    const said: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => said.push(message) };
    const table = new PeerTable(silentLogger);
    const hello = { ...helloOf({ swarm: "s", name: "n", version: "1.0.0", formation: null }), ...changes };
    const greeter = new Greeter({ table, hello: () => hello, logger, refused: () => {}, timeoutMs });
    greeters.push(greeter);
    await raw.node.handle(HELLO_PROTOCOL, (stream, connection) => greeter.answer(stream, connection));
    raw.node.addEventListener("connection:open", ({ detail }) => greeter.opened(detail));
    raw.node.addEventListener("connection:close", ({ detail }) => greeter.closed(detail));
    return { raw, said, table, greeter };
  }
  const gone = (node: RawPeer) => eventually(() => node.node.getConnections().length === 0);

  it("refuses a node whose protocol is too old, with the reason in both logs", async () => {
    const newer = await greeting({ protocol: 3, minProtocol: 2, version: "3.0.0" });
    const older = await greeting({ protocol: 1, minProtocol: 1 });
    await older.raw.dial(newer.raw);
    const reason =
      "incompatible protocols: version 1.0.0 speaks 1, version 3.0.0 needs at least 2: upgrade the older node";
    await eventually(() => newer.said.length > 0 && older.said.length > 0);
    for (const { said, greeter, table } of [newer, older]) {
      assert.deepEqual(said, [`peer refused: ${reason}`]);
      assert.deepEqual(
        greeter.refusals().map((r) => r.reason),
        [reason],
      );
      assert.equal(table.size, 0);
    }
    await gone(older.raw);
  });

  it("closes a connection whose hello is garbage or too large", async () => {
    const { raw, table } = await greeting();
    const oversize = Buffer.alloc(4);
    oversize.writeUInt32BE(HELLO_BYTES_MAX + 1);
    for (const junk of [Uint8Array.of(0, 0, 0, 3, 0xff, 1, 2), Uint8Array.of(0, 0, 0, 1, 0xa0), oversize]) {
      const liar = await hosts.raw();
      await liar.dial(raw);
      const stream = await liar.open(HELLO_PROTOCOL);
      stream.send(junk);
      await gone(liar);
      assert.equal(table.size, 0);
    }
  });

  it("closes a connection on which no hello comes, or only half of one", async () => {
    const { raw, table } = await greeting({}, 300);
    const silent = await hosts.raw();
    await silent.dial(raw);
    const halting = await hosts.raw();
    await halting.dial(raw);
    (await halting.open(HELLO_PROTOCOL)).send(Uint8Array.of(0, 0, 0, 99, 1));
    await gone(silent);
    await gone(halting);
    assert.equal(table.size, 0);
  });
});

describe("protocol/refusal_log", () => {
  it("remembers the last refusals and counts all", () => {
    const log = new RefusalLog();
    for (let i = 0; i < REFUSALS_MAX + 3; i++) log.add("p", `${i}`);
    assert.equal(log.count, REFUSALS_MAX + 3);
    assert.deepEqual(
      [log.all().length, log.all()[0]?.reason, log.all().at(-1)?.reason],
      [REFUSALS_MAX, "3", `${REFUSALS_MAX + 2}`],
    );
  });
});
