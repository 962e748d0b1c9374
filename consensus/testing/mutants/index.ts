import { ELECTION_MUTANTS } from "./elections.js";
import { MEMBERSHIP_MUTANTS } from "./membership.js";
import type { Mutant } from "./mutant.js";
import { READ_MUTANTS } from "./reads.js";
import { REPLICATION_MUTANTS } from "./replication.js";

export type { Mutant } from "./mutant.js";

export const MUTANTS: readonly Mutant[] = [
  ...ELECTION_MUTANTS,
  ...REPLICATION_MUTANTS,
  ...MEMBERSHIP_MUTANTS,
  ...READ_MUTANTS,
];
