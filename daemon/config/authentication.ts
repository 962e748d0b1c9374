import { z } from "zod";
import { duration, field, group, word } from "./field.js";
import { absolutePath } from "./node.js";

/** Shortest password that is taken, in characters. */
export const PASSWORD_CHARS_MIN = 8;
/** Longest password that is taken, in characters. */
export const PASSWORD_CHARS_MAX = 256;

const optionalPath = z
  .string()
  .max(4096)
  .transform((path) => (path === "" ? null : absolutePath(path)))
  .prefault("");
const PATH = "a path, or empty for none";

export const authentication = group(
  "authentication",
  "Who may use the API. The same on all nodes of a swarm.",
  z.object({
    provider: field(word(["jwt", "none"], "jwt"), {
      about:
        "How callers prove who they are: `jwt`, by a token or an API key. With `none` whoever reaches the API may do everything; that is taken on loopback only.",
    }),
    loopbackEvents: field(z.boolean().default(true), {
      about:
        "A program on this machine may watch the events at /api/v1/ws without a token, as a viewer. A web page of another origin and a request through a proxy may not.",
    }),
    tokenExpiryMs: field(duration("24h", 60_000, 365 * 86_400_000), { about: "How long a token is valid." }),
    refreshExpiryMs: field(duration("168h", 60_000, 365 * 86_400_000), {
      about: "How long a login can be renewed by its refresh token. Each renewal begins this time anew.",
    }),
    algorithm: field(word(["rs256", "hs256"], "rs256"), {
      about:
        "How tokens are signed: `rs256` with this node's own key pair, or `hs256` with `api.jwt_secret`, which then must be the same on all nodes.",
    }),
    privateKeyFile: field(optionalPath, {
      about:
        "RSA private key (PEM, 2048 bits or more, as `openssl genrsa -out private.pem 2048` makes it) that signs tokens. Without it the node makes one in its data folder.",
      allowed: PATH,
    }),
    publicKeyFile: field(optionalPath, {
      about:
        "Its public key (PEM, as `openssl rsa -in private.pem -pubout -out public.pem` makes it). Not needed; where it is given, it must be that of the private key.",
      allowed: PATH,
    }),
    adminPassword: field(
      z.union([z.literal(""), z.string().min(PASSWORD_CHARS_MIN).max(PASSWORD_CHARS_MAX)]).default(""),
      {
        about:
          "Password of the user `admin`, whom the swarm's first leader creates, once. Without it that node makes one and shows it once, in its log. Better given by the environment than by a flag.",
        allowed: `${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters, or empty`,
        secret: true,
      },
    ),
  }),
);
