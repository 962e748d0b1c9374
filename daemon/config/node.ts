import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { field, group } from "./field.js";

/** `~/` is the home folder; relative paths are taken from the working directory, once, at load. */
export function absolutePath(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : resolve(path);
}

/** A path; null when it is left empty. */
export function optionalPath() {
  return z
    .string()
    .max(4096)
    .transform((path) => (path === "" ? null : absolutePath(path)))
    .prefault("");
}

const label = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
export const LABEL_ALLOWED = "1 to 63 letters, digits, dots, dashes and underscores, a letter or digit first";

/** The host's name as a label; whatever does not fit becomes a dash. */
function hostLabel(): string {
  const name = hostname()
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 63) || "node";
}

export const node = group(
  "node",
  "This process and its data.",
  z.object({
    dataDir: field(z.string().min(1).max(4096).transform(absolutePath).prefault("~/.ncrsh-swarm"), {
      about:
        "Folder for the node's identity, its log and its model versions. One node per folder. `~/` is the home folder.",
      flag: "data-dir",
      allowed: "a path",
    }),
    name: field(
      z
        .union([z.literal(""), label])
        .transform((name) => name || hostLabel())
        .prefault(""),
      {
        about:
          "What people call this node in tables and logs. It need not be unique: the identity is the peer id.",
        flag: "name",
        allowed: LABEL_ALLOWED,
        defaultText: "the host's name",
      },
    ),
    zone: field(z.union([z.literal(""), label]).default(""), {
      about:
        "Failure domain (rack, site, cloud zone). The leader makes voters of nodes in the zones that have the fewest.",
      flag: "zone",
      allowed: `${LABEL_ALLOWED}, or empty`,
    }),
  }),
);
