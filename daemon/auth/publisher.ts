/**
 * Puts this node's public key where every node finds it, before the first token that it signs, and again before that
 * record ends. A key that signs no more ends by itself, after its last token: that is the overlap of a rotation.
 */
import { createHash } from "node:crypto";
import type { JwksView } from "../services/views/auth.js";
import type { Directory } from "./directory.js";
import { AUTH_LIMITS } from "./limits.js";
import { JWK_PREFIX, type PublicKey } from "./records.js";
import type { TokenKeys } from "./tokens.js";

/** Written again when less than this is left beyond the longest token, so at most once in that time. */
const RENEW_MS = 24 * 3_600_000;

export class KeyPublisher {
  constructor(
    private readonly directory: Directory,
    private readonly keys: TokenKeys,
    private readonly node: string,
    private readonly tokenExpiryMs: number,
    private readonly now: () => number,
  ) {}

  /** @throws ServiceError NOT_READY, NETWORK_PARTITION, CONSENSUS_FAILED, SETTINGS_FULL */
  async published(): Promise<void> {
    if (this.keys.algorithm === "HS256") return;
    const { kid, n, e } = this.keys.own;
    const { publicKeys } = this.directory.present();
    const neededMs = this.now() + this.tokenExpiryMs;
    const known = publicKeys.get(kid);
    if (known !== undefined && known.endsAtMs >= neededMs + RENEW_MS / 2) return;
    await this.makeRoom([...publicKeys.values()].filter((key) => key.kid !== kid));
    const record: PublicKey = { v: 1, kid, n, e, node: this.node, endsAtMs: neededMs + 2 * RENEW_MS };
    await this.directory.put(settingOf(kid), record);
  }

  /** Keys that are over go, and where there still are too many, the one that ends first. */
  private async makeRoom(others: readonly PublicKey[]): Promise<void> {
    const byEnd = [...others].sort((a, b) => a.endsAtMs - b.endsAtMs);
    const over = byEnd.filter((key) => key.endsAtMs < this.now());
    const tooMany = byEnd
      .slice(over.length)
      .slice(0, Math.max(0, byEnd.length - over.length - AUTH_LIMITS.publicKeys + 1));
    for (const { kid } of [...over, ...tooMany]) {
      // Another node may have been quicker.
      await this.directory.remove(settingOf(kid)).catch(() => undefined);
    }
  }

  jwks(): JwksView {
    if (this.keys.algorithm === "HS256") return { keys: [] };
    const own = this.keys.own;
    const others = [...this.directory.present().publicKeys.values()];
    const current = others.filter((key) => key.endsAtMs > this.now() && key.kid !== own.kid);
    const keys = [own, ...current].map(({ kid, n, e }) => ({
      kty: "RSA" as const,
      use: "sig" as const,
      alg: "RS256" as const,
      kid,
      n,
      e,
    }));
    return { keys: keys.sort((a, b) => (a.kid < b.kid ? -1 : 1)) };
  }
}

/** A thumbprint has capital letters, which a setting's key does not take. */
function settingOf(kid: string): string {
  return `${JWK_PREFIX}${createHash("sha256").update(kid).digest("hex").slice(0, 32)}`;
}
