import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { pathToFileURL } from "node:url";
import { TrainerSupervisor } from "../../training/trainer/index.js";
import { specFixture } from "../services/testing/snapshot.js";
import { TrainerPort } from "./trainer_port.js";

/** Opens every session but `bad`, which it opens when it is asked for the third time. */
const STAND_IN = `
  let asked = 0;
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message) => {
    if (message.kind === "close") process.exit(0);
    if (message.kind !== "open") return;
    const { id, session } = message;
    const refused = session === "bad" && ++asked < 3;
    process.send(refused
      ? { kind: "failed", id, session, round: null, code: "DATASET_UNREADABLE", message: "no file, look " + asked }
      : { kind: "opened", id, session, parameters: 10, openMs: 1 });
  });
  process.send({ kind: "ready", backend: "wasm", pid: process.pid, startupMs: 1 });`;

describe("daemon/rounds: opening a session in the trainer", () => {
  let folder = "";
  let entry: URL;
  let port: TrainerPort;
  let warnings: string[];
  /** What the port said of itself each time that it changed. */
  let said: { canTrain: boolean; reason: string | null }[];
  let wake: () => void;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "trainer-port-"));
    await writeFile(join(folder, "trainer.mjs"), STAND_IN);
    entry = pathToFileURL(join(folder, "trainer.mjs"));
  });
  after(() => rm(folder, { recursive: true }));

  beforeEach(() => {
    warnings = [];
    said = [];
    wake = () => {};
    const logger = {
      info: () => {},
      warn: (facts: object, message: string) => warnings.push(`${message} ${JSON.stringify(facts)}`),
    };
    const hooks = {
      changed: () => {
        said.push({ canTrain: port.canTrain, reason: port.reason });
        wake();
      },
      updated: () => {},
      progressed: () => {},
      lost: () => {},
    };
    port = new TrainerPort(new TrainerSupervisor({ logger, entry }), hooks, logger);
    port.start();
  });
  afterEach(async () => {
    mock.timers.reset();
    await port.stop();
  });

  const spec = specFixture();
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  it("stays out of a session whose dataset it cannot open, and says why", async () => {
    port.want({ session: "bad", spec });
    await until(() => port.reason !== null);
    assert.deepEqual(said.at(-1), { canTrain: false, reason: "no file, look 1" });
    assert.equal(port.session, null);
    const told = warnings.find((line) => line.startsWith("this node stays out of the session"));
    assert.match(told ?? "", /"session":"bad","reason":"no file, look 1"/);
  });

  it("tries again after a while, and takes part once it can", async () => {
    // Its own pauses only: the messages to and from the process are real.
    mock.timers.enable({ apis: ["setTimeout"] });
    port.want({ session: "bad", spec });
    await until(() => port.reason !== null);
    mock.timers.tick(30_000);
    await until(() => port.reason === "no file, look 2");
    mock.timers.tick(30_000);
    await until(() => port.canTrain);
    assert.deepEqual(said.at(-1), { canTrain: true, reason: null });
    assert.equal(port.session, "bad");
  });

  it("holds what it could not open against no other session", async () => {
    port.want({ session: "bad", spec });
    await until(() => port.reason !== null);
    port.want({ session: "good", spec });
    assert.equal(port.reason, null);
    await until(() => port.canTrain);
    assert.equal(port.session, "good");
  });

  it("does not mind a session that nobody wants any more when it fails to open", async () => {
    port.want({ session: "good", spec });
    await until(() => port.canTrain);
    port.want({ session: "bad", spec });
    port.want({ session: "good again", spec });
    await until(() => port.canTrain);
    assert.equal(port.session, "good again");
    assert.ok(said.every(({ reason }) => reason === null));
  });
});
