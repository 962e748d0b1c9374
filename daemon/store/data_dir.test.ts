/** Folders that this user may not use, as the system tells it: a test that runs as root meets no EACCES of its own. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT, exitCodeOf } from "../cli/exit.js";
import { DaemonError } from "../errors.js";
import { prepareDataDir } from "./data_dir.js";
import { FaultyFs } from "./testing/faulty_fs.js";

describe("data folder", () => {
  let root: string;

  beforeEach(async () => {
    root = await fs.mkdtemp(join(tmpdir(), "data-dir-"));
  });

  afterEach(() => fs.rm(root, { recursive: true }));

  const remedies = {
    EACCES: /may not read and write there: change the folder's owner, or choose another folder/,
    EPERM: /may not read and write there: change the folder's owner, or choose another folder/,
    EROFS: /read-only: mount it writable, or choose another folder/,
    ENOSPC: /disk is full: free some space, or choose a folder on another disk/,
    EIO: /disk fails: look at the system's log/,
    ENODEV: /Check the folder and its disk/,
  };

  for (const [errno, remedy] of Object.entries(remedies)) {
    it(`${errno}, wherever it strikes: names the folder, says what to do, and ends with the code for a failure`, async () => {
      const dir = join(root, errno);
      for (let failAt = 0; ; failAt += 1) {
        const fsys = new FaultyFs({ failAt, errno, dies: true });
        const refused = await prepareDataDir(dir, fsys).then(
          () => null,
          (error: unknown) => error,
        );
        if (refused === null) {
          assert.ok(failAt >= 3, `only ${failAt} steps failed`);
          break;
        }
        assert.ok(refused instanceof DaemonError, String(refused));
        assert.equal(refused.code, "DATA_DIR_UNUSABLE");
        assert.deepEqual(refused.facts, { path: dir, errno });
        assert.ok(refused.message.includes(`Cannot use the data folder ${dir}: ${errno}`), refused.message);
        assert.match(refused.message, remedy);
        assert.match(refused.message, /--data-dir, node\.data_dir/);
        assert.equal(exitCodeOf(refused), EXIT.failure);
      }
      assert.deepEqual(await fs.readdir(dir), [], "the probe of a start that failed is gone");
    });
  }

  it("tells a folder that cannot be listed, too", async () => {
    const fsys = new FaultyFs();
    fsys.list = () =>
      Promise.reject(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }));
    await assert.rejects(prepareDataDir(root, fsys), {
      code: "DATA_DIR_UNUSABLE",
      message: /change the folder's owner/,
    });
  });
});
