import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSurvivor, openSurvivor, survivor, voters } from "../recovery/testing/survivor.js";
import { EXIT } from "./exit.js";
import { runCli } from "./testing/run.js";

describe("daemon/cli: consensus recover", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-cli-"));
    await makeSurvivor(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const recover = (...args: string[]) =>
    runCli([
      ...["consensus", "recover", "--data-dir", folder, "--listen", "/ip4/127.0.0.1/tcp/0"],
      ...["--network-mdns=false", "--wait", "1", ...args],
    ]);

  it("gives an account first, and does it with the code that the account ends with", async () => {
    const told = await recover();
    assert.equal(told.exitCode, EXIT.ok, told.err);
    assert.match(told.out, new RegExp(`^survivor +${survivor.peerId} \\(this node\\)$`, "m"));
    assert.match(told.out, /^log +committed 2, last 3, term 5$/m);
    assert.match(told.out, /^not known to be committed +the last 1 in the log: kept/m);
    for (const peer of voters.filter((v) => v !== survivor.peerId))
      assert.match(told.out, new RegExp(`^given up, voter +${peer}$`, "m"));
    assert.match(told.out, /2 voters did not answer; that proves nothing/);
    const code = /Nothing has been changed.*--confirm ([0-9a-f]{12})$/m.exec(told.out)?.[1];
    assert.ok(code);
    const done = await recover("--confirm", code);
    assert.equal(done.exitCode, EXIT.ok, done.err);
    assert.match(done.out, /^recovered +this node is the only voter, from index 4 and term 6 on$/m);
    assert.match(done.out, /^--accept-recovery sha256:[0-9a-f]{64}$/m);
    const again = await recover();
    assert.deepEqual([again.exitCode, again.out], [EXIT.refused, ""]);
    assert.match(again.err, /the only voter already/);
  });

  it("does nothing with another code, and tells a wrong flag", async () => {
    const wrong = await recover("--confirm", "abc");
    assert.equal(wrong.exitCode, EXIT.refused);
    assert.match(wrong.err, /--confirm abc is not the code of what would be done now/);
    assert.equal((await recover("--wait", "0")).exitCode, EXIT.usage);
    assert.match(
      (await recover("--confirm", "a", "--confirm", "b")).err,
      /--confirm is given more than once/,
    );
    assert.equal((await recover("--listen", "nowhere")).exitCode, EXIT.usage);
  });

  it("is not for a node that runs", async () => {
    const store = await openSurvivor(folder);
    const running = await recover();
    await store.close();
    assert.equal(running.exitCode, EXIT.failure);
    assert.match(running.err, /in use by process/);
  });

  it("takes no digest that is none for accepting a recovery", async () => {
    const run = await runCli(["consensus", "verify-lineage", "x", "--accept-recovery", "yes"]);
    assert.equal(run.exitCode, EXIT.usage);
    assert.match(run.err, /--accept-recovery yes is not sha256:/);
  });
});
