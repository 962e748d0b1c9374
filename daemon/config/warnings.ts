/** What a configuration asks for and does not get. */
import type { Config } from "./schema.js";

/** One sentence each, for the log of the node that starts with it. */
export function configWarnings({ authentication, api }: Config): string[] {
  const asked = [
    ...(authentication.provider === "none" ? [] : [`authentication.provider is ${authentication.provider}`]),
    ...(api.jwtSecret === "" ? [] : ["api.jwt_secret is set"]),
  ];
  if (asked.length === 0) return [];
  return [
    `${asked.join(" and ")}, but authentication is not enforced yet: whoever reaches the API (programs on this machine) may use it`,
  ];
}
