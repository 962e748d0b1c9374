import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import pino from "pino";
import { EXIT } from "../cli/exit.js";
import { runCli } from "../cli/testing/run.js";
import type { ApiServer } from "./index.js";
import { startTestApi } from "./testing/api.js";
import { selfSigned, type TestCertificate } from "./testing/certificate.js";
import { readKeyPair } from "./tls.js";

describe("daemon/api: TLS", () => {
  let folder = "";
  let api: ApiServer | null = null;
  const place = async ({ cert, key }: TestCertificate) => {
    await writeFile(join(folder, "tls.crt"), cert);
    await writeFile(join(folder, "tls.key"), key);
  };
  const files = () => ({ tlsCertFile: join(folder, "tls.crt"), tlsKeyFile: join(folder, "tls.key") });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tls-"));
  });
  afterEach(async () => {
    await api?.stop();
    api = null;
    await rm(folder, { recursive: true });
  });
  const port = () => Number(new URL(api?.address ?? "").port);
  const ask = (ca: string) =>
    new Promise<{ status: number; hsts: string | undefined }>((resolve, reject) => {
      const sent = request(`${api?.address}/health`, { ca, agent: false }, (response) => {
        response.resume();
        const hsts = response.headers["strict-transport-security"];
        response.once("end", () => resolve({ status: response.statusCode ?? 0, hsts }));
      });
      sent.once("error", reject).end();
    });

  it("serves, says so to browsers, and takes no old version and no plain text", async () => {
    const own = selfSigned();
    await place(own);
    api = await startTestApi({ config: files() });
    assert.match(api.address, /^https:/);
    assert.deepEqual(await ask(own.cert), { status: 200, hsts: "max-age=31536000" });
    await assert.rejects(ask(selfSigned().cert));
    const version = (max: "TLSv1.1" | "TLSv1.2") =>
      new Promise<string | null>((resolve, reject) => {
        // Level 0: else this side alone would refuse the old version.
        const old = { minVersion: "TLSv1", maxVersion: max, ciphers: "DEFAULT:@SECLEVEL=0" } as const;
        const socket = connect({ port: port(), host: "127.0.0.1", ca: own.cert, ...old }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.once("error", reject);
      });
    assert.equal(await version("TLSv1.2"), "TLSv1.2");
    await assert.rejects(version("TLSv1.1"));
    await assert.rejects(fetch(`http://127.0.0.1:${port()}/health`));
    assert.equal((await ask(own.cert)).status, 200);
  });

  it("takes a new pair into use, and keeps the old one when the new one is broken", async () => {
    const [first, second] = [selfSigned(), selfSigned()];
    await place(first);
    const logger = pino({ level: "silent" });
    const refused = new Promise<string>((resolve) => {
      logger.error = (_: unknown, said?: string) => resolve(said ?? "");
    });
    api = await startTestApi({ config: files(), limits: { tlsCheckMs: 10 }, logger });
    // One file alone: what is refused is the whole change, and not what stood there between two writes.
    await writeFile(files().tlsKeyFile, "broken");
    assert.match(await refused, /cannot be used: the old one stays/);
    assert.equal((await ask(first.cert)).status, 200);
    await place(second);
    while ((await ask(second.cert).catch(() => null)) === null)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await assert.rejects(ask(first.cert));
  });

  it("says what is wrong with files that cannot be used", async () => {
    const [one, other] = [selfSigned(), selfSigned()];
    const paths = { certFile: files().tlsCertFile, keyFile: files().tlsKeyFile };
    await assert.rejects(readKeyPair(paths), { code: "TLS_UNUSABLE", message: /api\.tls_cert_file.*ENOENT/ });
    for (const [pair, said] of [
      [{ cert: one.cert, key: other.key }, /does not belong to the certificate/],
      [{ cert: "nothing", key: one.key }, /PEM/],
      [{ cert: one.cert, key: "nothing" }, /PEM/],
    ] as const) {
      await place(pair);
      await assert.rejects(readKeyPair(paths), { code: "TLS_UNUSABLE", message: said });
    }
  });

  it("is trusted by the command line with --ca, and only then", async () => {
    await place(selfSigned());
    api = await startTestApi({ config: files() });
    const env = { NCRSH_SWARM_API_URL: api.address };
    const without = await runCli(["nodes"], { env });
    assert.equal(without.exitCode, EXIT.unreachable);
    assert.match(without.err, /self-signed: --ca FILE/);
    const ca = files().tlsCertFile;
    assert.equal((await runCli(["nodes", "--ca", ca], { env })).exitCode, EXIT.ok);
    assert.equal((await runCli(["nodes"], { env: { ...env, NCRSH_SWARM_CA: ca } })).exitCode, EXIT.ok);
    const wrong = await runCli(["nodes", "--ca", files().tlsKeyFile], { env });
    assert.deepEqual([wrong.exitCode, /holds no certificate/.test(wrong.err)], [EXIT.usage, true]);
  });
});
