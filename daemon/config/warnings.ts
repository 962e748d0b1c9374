/** What a configuration asks for and does not get. */
import { JWT_SECRET_PLACEHOLDER } from "./jwt_secret.js";
import type { Config } from "./schema.js";

/** One sentence each, for the log of the node that starts with it. */
export function configWarnings({ authentication, api }: Config): string[] {
  if (authentication.provider === "none") {
    return [
      "authentication.provider is none: whoever reaches the API (programs on this machine) may do everything",
    ];
  }
  if (api.jwtSecret === "" || authentication.algorithm === "hs256") return [];
  const what =
    api.jwtSecret === JWT_SECRET_PLACEHOLDER ? " (to the placeholder, which would be refused)" : "";
  return [
    `api.jwt_secret is set${what} but not used: authentication.algorithm is rs256, which signs with a key pair`,
  ];
}
