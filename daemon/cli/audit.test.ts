import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { auditTo } from "../api/audit.js";
import { startTestApi } from "../api/testing/api.js";
import { AuditLog } from "../audit/index.js";
import { EXIT } from "./exit.js";
import { runCli } from "./testing/run.js";

describe("daemon/cli: audit", () => {
  let dataDir = "";
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "audit-cli-"));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it("lists what was changed through a node, and checks its log without one", async () => {
    const folder = join(dataDir, "audit");
    const options = { maxFileBytes: 65_536, keepFiles: 4, fsync: true };
    const log = await AuditLog.open(folder, options, { logger: pino({ level: "silent" }) });
    const api = await startTestApi({
      audit: auditTo(log),
      auditLog: log,
      commands: { removeNode: async () => undefined },
    });
    const env = { NCRSH_SWARM_API_URL: api.address };
    try {
      for (let i = 0; i < 3; i++)
        assert.equal((await runCli(["nodes", "remove", "node-c"], { env })).exitCode, 0);
      const listed = await runCli(["audit", "list", "--limit", "2"], { env });
      assert.equal(listed.exitCode, EXIT.ok);
      assert.match(listed.out, /^ *3 .* nodes\.remove +node_id=node-c +ok +200 +127\.0\.0\.1/m);
      const cursor = /--cursor (\S+)/.exec(listed.out)?.[1] ?? "";
      const rest = JSON.parse((await runCli(["audit", "list", "--cursor", cursor, "--json"], { env })).out);
      assert.deepEqual([rest.entries.length, rest.entries[0].seq, rest.next_cursor], [1, 1, null]);
      const none = await runCli(["audit", "list", "--action", "training.start"], { env });
      assert.match(none.out, /no such records/);
      const wrong = await runCli(["audit", "list", "--cursor", "x"], { env });
      assert.equal(wrong.exitCode, EXIT.refused);
    } finally {
      await api.stop();
      await log.close();
    }
    const verify = (...args: string[]) => runCli(["audit", "verify", "--data-dir", dataDir, ...args]);
    const good = await verify();
    assert.deepEqual([good.exitCode, /verified: every record/.test(good.out)], [EXIT.ok, true]);
    const { head } = JSON.parse((await verify("--json")).out) as { head: string };
    assert.equal((await verify("--head", head)).exitCode, EXIT.ok);
    assert.equal((await verify("--head", `sha256:${"0".repeat(64)}`)).exitCode, EXIT.failure);
    assert.equal((await verify("--head", "abc")).exitCode, EXIT.usage);
    const [name = ""] = await readdir(folder);
    const text = await readFile(join(folder, name), "utf8");
    await writeFile(join(folder, name), text.replace("node-c", "node-b"));
    const bad = await verify();
    assert.equal(bad.exitCode, EXIT.failure);
    assert.match(bad.out, /NOT verified[\s\S]*:1: record 1 was changed/);
    const missing = await runCli(["audit", "verify", "--data-dir", join(dataDir, "none")]);
    assert.notEqual(missing.exitCode, EXIT.ok);
  });
});
