import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DaemonError } from "../errors.js";
import { IDENTITY_FILE, loadOrCreateIdentityBytes } from "./identity_file.js";
import { FaultyFs, SystemError } from "./testing/faulty_fs.js";

const unusable = (text: RegExp) => (error: unknown) =>
  error instanceof DaemonError && error.code === "IDENTITY_UNUSABLE" && text.test(error.message);

describe("identity file", () => {
  let dir: string;
  let path: string;
  const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
  const never = () => assert.fail("must not make a new identity");

  beforeEach(async () => {
    dir = await fs.mkdtemp(join(tmpdir(), "identity-"));
    path = join(dir, IDENTITY_FILE);
  });

  afterEach(() => fs.rm(dir, { recursive: true }));

  it("makes an identity once and loads the same bytes ever after", async () => {
    assert.deepEqual(await loadOrCreateIdentityBytes(dir, async () => key), key);
    assert.deepEqual(await loadOrCreateIdentityBytes(dir, never), key);
    assert.equal((await fs.stat(path)).mode & 0o777, 0o600);
  });

  it("refuses a file that others may read, and says what to run", async () => {
    await loadOrCreateIdentityBytes(dir, () => key);
    for (const mode of [0o640, 0o604, 0o620]) {
      await fs.chmod(path, mode);
      await assert.rejects(loadOrCreateIdentityBytes(dir, never), unusable(/chmod 600/));
    }
    await fs.chmod(path, 0o400);
    assert.deepEqual(await loadOrCreateIdentityBytes(dir, never), key);
  });

  it("refuses a damaged file instead of becoming another node", async () => {
    await loadOrCreateIdentityBytes(dir, () => key);
    const text = await fs.readFile(path, "utf8");
    const at = text.indexOf(" ", text.indexOf("identity-1")) + 4;
    const flipped = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    for (const damaged of [flipped, "", "garbage", text.slice(0, -5), "x".repeat(10_000)]) {
      await fs.writeFile(path, damaged);
      await assert.rejects(loadOrCreateIdentityBytes(dir, never), unusable(/identity\.key/));
      assert.equal(await fs.readFile(path, "utf8"), damaged);
    }
  });

  it("does not tell anybody to throw away a key that the system keeps from the node", async () => {
    await loadOrCreateIdentityBytes(dir, () => key);
    const fsys = new FaultyFs();
    fsys.open = () => Promise.reject(new SystemError("EACCES"));
    await assert.rejects(loadOrCreateIdentityBytes(dir, never, fsys), { code: "EACCES" });
  });

  it("never shows a half-written file, whenever the process dies", async () => {
    for (let failAt = 0; ; failAt += 1) {
      const fsys = new FaultyFs({ failAt, errno: "EIO", dies: true, torn: 0.5 });
      const created = await loadOrCreateIdentityBytes(dir, () => key, fsys).catch(() => null);
      // A later start finds the whole file, or none and makes one.
      assert.deepEqual(await loadOrCreateIdentityBytes(dir, () => key), key);
      await fs.rm(path);
      if (created !== null) break;
    }
  });

  it("refuses keys of no plausible size", async () => {
    await assert.rejects(
      loadOrCreateIdentityBytes(dir, () => new Uint8Array()),
      RangeError,
    );
    await assert.rejects(
      loadOrCreateIdentityBytes(dir, () => new Uint8Array(5000)),
      RangeError,
    );
  });
});
