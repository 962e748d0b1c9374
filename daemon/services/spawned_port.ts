/** Nodes that this one starts on its own host and watches over, as the services see them. */

export interface SpawnRequest {
  /** What it is called, and the folder of its data; made up when null. */
  readonly name: string | null;
  /** For other nodes; null: the system chooses. */
  readonly port: number | null;
  readonly maxPeers: number | null;
  /** The model of sessions that are started through it and do not say. */
  readonly model: {
    readonly hiddenSize: number | null;
    readonly numLayers: number | null;
    readonly numHeads: number | null;
  };
}

export interface SpawnedNode {
  readonly name: string;
  /** Null until it has told. */
  readonly peer: string | null;
  /** `waiting`: it ended by itself, and is started again soon; `failed`: it did so too often. */
  readonly state: "starting" | "running" | "waiting" | "stopping" | "stopped" | "failed";
  readonly pid: number | null;
  readonly dataDir: string;
  readonly apiAddress: string | null;
  readonly restarts: number;
  readonly reason: string | null;
}

/** One that answers its health check. */
export interface StartedNode {
  readonly name: string;
  readonly peer: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly apiAddress: string;
  /** `host:port` for other nodes. */
  readonly address: string | null;
}

export interface SpawnedPort {
  list(): readonly SpawnedNode[];
  /**
   * Resolves once the node answers its health check.
   * @throws ServiceError NODE_EXISTS, PORT_IN_USE, SPAWNED_NODES_FULL, NODE_START_FAILED
   */
  start(request: SpawnRequest): Promise<StartedNode>;
  /** Stops it for good. @param purge delete its data folder too */
  remove(name: string, purge: boolean): Promise<void>;
}
