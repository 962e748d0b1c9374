/** The certificate of the API and its key: read from files, checked, and read again when they change. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import { DaemonError } from "../errors.js";
import { nodeFs, readSmallFile } from "../store/store_fs.js";

/** Of a certificate or key file; a longer one is refused. */
const PEM_BYTES_MAX = 1024 * 1024;
/** A certificate that ends sooner is warned of. */
const SOON_MS = 14 * 86_400_000;

/** TLS 1.0 and 1.1 are deprecated (RFC 8996). */
export const TLS_OLDEST = "TLSv1.2";

export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** @throws DaemonError TLS_UNUSABLE */
export async function readKeyPair({ certFile, keyFile }: TlsFiles): Promise<KeyPair> {
  const cert = await read("api.tls_cert_file", certFile);
  const key = await read("api.tls_key_file", keyFile);
  try {
    const leaf = new X509Certificate(cert);
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      throw new Error("the key does not belong to the certificate");
    createSecureContext({ cert, key, minVersion: TLS_OLDEST });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the certificate ${certFile} with the key ${keyFile} cannot be used: ${why}; both must be PEM, the key without a passphrase`;
    throw new DaemonError("TLS_UNUSABLE", message, { certFile, keyFile }, { cause: error });
  }
  return { cert, key };
}

async function read(setting: string, path: string): Promise<Buffer> {
  try {
    return Buffer.from(await readSmallFile(nodeFs, path, PEM_BYTES_MAX));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DaemonError("TLS_UNUSABLE", `${setting}: ${path} cannot be read: ${why}`, { path });
  }
}

/** Watches both files. A new pair that cannot be used leaves the old one in place, and is told once. */
export class TlsWatch {
  private seen = "";
  private checking: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly files: TlsFiles,
    private readonly everyMs: number,
    private readonly use: (pair: KeyPair) => void,
    private readonly logger: Pick<Logger, "info" | "warn" | "error">,
  ) {}

  /** Reads the first pair. @throws DaemonError TLS_UNUSABLE */
  async start(): Promise<KeyPair> {
    this.seen = await this.facts();
    const pair = await readKeyPair(this.files);
    this.tell(pair, "TLS is on");
    this.timer = setInterval(() => void this.check(), this.everyMs);
    this.timer.unref();
    return pair;
  }

  /** Looks now, after a look that is under way; resolves when a changed pair is in use, or refused. */
  check(): Promise<void> {
    this.checking = this.checking.then(() => this.look());
    return this.checking;
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.checking;
  }

  private async look(): Promise<void> {
    const facts = await this.facts();
    if (facts === this.seen) return;
    this.seen = facts;
    try {
      const pair = await readKeyPair(this.files);
      this.use(pair);
      this.tell(pair, "the new TLS certificate is in use");
    } catch (err) {
      this.logger.error({ err }, "the new TLS certificate cannot be used: the old one stays");
    }
  }

  private async facts(): Promise<string> {
    const of = (path: string) => nodeFs.stat(path).catch(() => undefined);
    const stats = [await of(this.files.certFile), await of(this.files.keyFile)];
    return stats.map((stat) => `${stat?.bytes}@${stat?.mtimeMs}`).join(" ");
  }

  private tell({ cert }: KeyPair, what: string): void {
    const { subject, validTo, fingerprint256: fingerprint } = new X509Certificate(cert);
    const facts = { subject, validTo, fingerprint };
    const leftMs = Date.parse(validTo) - Date.now();
    if (leftMs > SOON_MS) this.logger.info(facts, what);
    else this.logger.warn(facts, `${what}, but it ${leftMs > 0 ? "soon expires" : "has expired"}`);
  }
}
