/** A doorkeeper that verifies an RS256 token on every request, as a node with authentication does. */
import { generateKeyPair, jwtVerify, SignJWT } from "jose";
import { type Doorkeeper, openDoor } from "../../../daemon/api/caller.js";

export interface BenchKeeper {
  readonly keeper: Doorkeeper;
  /** Null: none is needed. */
  readonly token: string | null;
}

const CLAIMS = { issuer: "ncrsh-swarm", audience: "ncrsh-swarm-api" };

export async function benchKeeper(kind: string): Promise<BenchKeeper> {
  if (kind === "open") return { keeper: openDoor, token: null };
  if (kind !== "jwt") throw new Error(`--keeper: expected jwt or open, not ${kind}`);
  const { publicKey, privateKey } = await generateKeyPair("RS256", { modulusLength: 2048 });
  const token = await new SignJWT({ role: "operator" })
    .setProtectedHeader({ alg: "RS256", kid: "bench" })
    .setSubject("ada")
    .setIssuer(CLAIMS.issuer)
    .setAudience(CLAIMS.audience)
    .setJti("bench")
    .setIssuedAt()
    .setExpirationTime("24h")
    .sign(privateKey);
  const keeper: Doorkeeper = {
    identify: async ({ headers, token: shown, address }) => {
      const text = shown ?? /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
      try {
        const { payload } = await jwtVerify(text, publicKey, { ...CLAIMS, algorithms: ["RS256"] });
        const name = String(payload.sub);
        return { kind: "user", name, role: "operator", refusal: null, id: `user:${name}` };
      } catch {
        const refusal = "the token is none of ours";
        return { kind: "anonymous", name: "anonymous", role: null, refusal, id: `address:${address}` };
      }
    },
  };
  return { keeper, token };
}
