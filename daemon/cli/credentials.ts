/** What `login` keeps: a token for each API address, in one file that only its owner may read. */
import { chmod, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { LoginView } from "../services/views/auth.js";
import { makeFolder, nodeFs, readSmallFile } from "../store/store_fs.js";
import type { Io } from "./io.js";

const FILE_BYTES_MAX = 1024 * 1024;
/** Addresses that are kept; the one that was logged in to longest ago is forgotten first. */
const ADDRESSES_MAX = 64;

const loginSchema = z.object({
  token: z.string(),
  expires_at: z.iso.datetime(),
  refresh_token: z.string(),
  refresh_expires_at: z.iso.datetime(),
  username: z.string(),
});
export type KeptLogin = z.infer<typeof loginSchema>;

const fileSchema = z.record(z.string(), loginSchema);

function folderOf(env: Io["env"]): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "ncrsh-swarm");
}

export function credentialsFile(env: Io["env"]): string {
  return join(folderOf(env), "credentials.json");
}

/** @returns null when nobody has logged in at that address */
export async function keptLogin(env: Io["env"], url: string): Promise<KeptLogin | null> {
  return (await readAll(env))[url] ?? null;
}

export async function keepLogin(env: Io["env"], url: string, login: LoginView): Promise<void> {
  const { [url]: _, ...others } = await readAll(env);
  const kept = Object.entries(others).slice(1 - ADDRESSES_MAX);
  await writeAll(env, Object.fromEntries([...kept, [url, loginSchema.parse(login)]]));
}

export async function forgetLogin(env: Io["env"], url: string): Promise<void> {
  const { [url]: gone, ...others } = await readAll(env);
  if (gone !== undefined) await writeAll(env, others);
}

/** A file that cannot be read counts as none: whoever needs a token is told how to get one. */
async function readAll(env: Io["env"]): Promise<Record<string, KeptLogin>> {
  try {
    const bytes = await readSmallFile(nodeFs, credentialsFile(env), FILE_BYTES_MAX);
    return fileSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {};
  }
}

async function writeAll(env: Io["env"], logins: Record<string, KeptLogin>): Promise<void> {
  await makeFolder(nodeFs, folderOf(env));
  const path = credentialsFile(env);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, path);
}
