import { UsageError } from "./exit.js";
import type { Io } from "./io.js";
import { PASSWORD_ENV } from "./token.js";

/** From the environment, a pipe or the terminal; never from a flag, which every user of the machine could read. */
export async function passwordFrom({ env, secret }: Io, question: string): Promise<string> {
  const given = env[PASSWORD_ENV] || (await secret?.(question));
  if (given) return given;
  throw new UsageError("no password was given", `type it, pipe it in, or set ${PASSWORD_ENV}`);
}
