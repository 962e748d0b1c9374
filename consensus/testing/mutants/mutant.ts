/** A change of one compiled file of the core. */
export interface Edit {
  /** Below `consensus/raft`. */
  readonly file: string;
  /** Occurs exactly once in the file; anything else means that the core has changed and the mutant must follow. */
  readonly find: string;
  readonly replace: string;
}

/** A fault planted on purpose in a copy of the compiled core, to see that the simulation finds it. */
export interface Mutant extends Edit {
  /** Also the name of the folder that the copy is in. */
  readonly name: string;
  /** What the core does wrong then. */
  readonly what: string;
  /** Where the core is guarded twice, the second guard. */
  readonly andAlso?: Edit;
  /** The names of the invariants that may notice first; `liveness` is the recovery, an error's code is the core's own. */
  readonly caughtBy: readonly string[];
  /** Seeds 1 to this are allowed for it. */
  readonly withinSeeds: number;
}
