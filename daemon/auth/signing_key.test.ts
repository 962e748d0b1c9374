import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DaemonError } from "../errors.js";
import { loadSigningKey } from "./signing_key.js";

const run = promisify(execFile);

describe("daemon/auth: signing key", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-key-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const load = (privateKeyFile: string | null = null, publicKeyFile: string | null = null) =>
    loadSigningKey({ folder: join(folder, "api"), privateKeyFile, publicKeyFile });
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };
  const refused = (work: Promise<unknown>, why: RegExp) =>
    assert.rejects(
      work,
      (e) => e instanceof DaemonError && e.code === "CONFIG_INVALID" && why.test(e.message),
    );

  it("is made once, for its owner only, and a new one when the file is gone", async () => {
    const first = await load();
    const path = join(folder, "api", "jwt_private.pem");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await load()).kid, first.kid);
    await rm(path);
    assert.notEqual((await load()).kid, first.kid);
  });

  it("is read in both forms of PEM, with its public key in both forms", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const kids = new Set<string>();
    for (const type of ["pkcs1", "pkcs8"] as const) {
      const path = await file(`${type}.pem`, String(privateKey.export({ type, format: "pem" })));
      for (const form of ["pkcs1", "spki"] as const) {
        const publicPath = await file(`${form}.pub`, String(publicKey.export({ type: form, format: "pem" })));
        kids.add((await load(path, publicPath)).kid);
      }
    }
    assert.equal(kids.size, 1);
  });

  it("is what the openssl of the documentation makes", async function () {
    const [privatePem, publicPem] = [join(folder, "private.pem"), join(folder, "public.pem")];
    try {
      await run("openssl", ["version"]);
    } catch {
      return this.skip();
    }
    await run("openssl", ["genrsa", "-out", privatePem, "2048"]);
    await run("openssl", ["rsa", "-in", privatePem, "-pubout", "-out", publicPem]);
    assert.match((await load(privatePem, publicPem)).kid, /^[\w-]{43}$/);
  });

  it("is refused, with the way to make one, when it is not fit", async () => {
    const pem = (bits: number) => {
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
      return String(privateKey.export({ type: "pkcs8", format: "pem" }));
    };
    const good = await file("good.pem", pem(2048));
    await refused(load(join(folder, "absent.pem")), /absent\.pem.*ENOENT.*openssl genrsa/);
    await refused(load(await file("text.pem", "hello")), /no PEM file/);
    await refused(load(await file("short.pem", pem(1024))), /RSA key of 1024 bits; RS256 takes/);
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    await refused(
      load(await file("ec.pem", String(ec.export({ type: "pkcs8", format: "pem" })))),
      /no RSA key/,
    );
    await refused(load(await file("large.pem", "x".repeat(20_000))), /longer than/);
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    const otherPem = await file("other.pub", String(other.export({ type: "spki", format: "pem" })));
    await refused(load(good, otherPem), /not the public key of/);
  });
});
