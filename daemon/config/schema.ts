/** All settings of a node. */
import type { z } from "zod";
import { api } from "./api.js";
import { audit } from "./audit.js";
import { authentication } from "./authentication.js";
import { consensus } from "./consensus.js";
import { cors } from "./cors.js";
import { events } from "./events.js";
import { describe, type FieldSpec, type Group } from "./field.js";
import { logging } from "./logging.js";
import { network } from "./network.js";
import { node } from "./node.js";
import { storage } from "./storage.js";
import { training } from "./training.js";

/** In the order in which the reference and the generated file show them. */
export const GROUPS = [
  node,
  network,
  consensus,
  training,
  storage,
  api,
  audit,
  authentication,
  cors,
  events,
  logging,
] as const satisfies readonly Group[];

type Groups = (typeof GROUPS)[number];

/** Group, then property: `config.api.rateLimit`. Durations are in milliseconds, sizes in bytes. */
export type Config = { readonly [G in Groups as G["name"]]: Readonly<z.infer<G["schema"]>> };

export const SPECS: readonly FieldSpec[] = GROUPS.flatMap((group: Group) => describe(group));

export function specsOf(group: string): readonly FieldSpec[] {
  return SPECS.filter((spec) => spec.group === group);
}
