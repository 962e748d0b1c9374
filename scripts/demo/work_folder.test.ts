import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimWorkFolder } from "./work_folder.js";

describe("scripts/demo work folder", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "ncrsh-folder-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("is emptied of what an earlier run left, and keeps what this one makes", () => {
    const first = claimWorkFolder(root, false);
    writeFileSync(join(root, "checkpoint.tar"), "old");
    first();
    assert.ok(existsSync(join(root, "checkpoint.tar")));
    const second = claimWorkFolder(root, false);
    assert.ok(!existsSync(join(root, "checkpoint.tar")));
    writeFileSync(join(root, "node.log"), "new");
    second();
    assert.ok(existsSync(join(root, "node.log")));
  });

  it("is refused, untouched, while another process has it, and taken once that has gone", async () => {
    claimWorkFolder(root, false);
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    writeFileSync(join(root, "demo.pid"), `${other.pid}\n`);
    writeFileSync(join(root, "checkpoint.tar"), "theirs");
    assert.throws(() => claimWorkFolder(root, false), new RegExp(`process ${other.pid}`));
    assert.ok(existsSync(join(root, "checkpoint.tar")));
    const gone = once(other, "exit");
    other.kill("SIGKILL");
    await gone;
    claimWorkFolder(root, false)();
    assert.ok(!existsSync(join(root, "checkpoint.tar")));
  });

  it("is never a folder with somebody's files", () => {
    writeFileSync(join(root, "thesis.doc"), "years of work");
    assert.throws(() => claimWorkFolder(root, false), /is not empty/);
    assert.deepEqual(readdirSync(root), ["thesis.doc"]);
  });
});
