/** Why the daemon refused or stopped. The message is for a person, `facts` for a program. */
export type DaemonErrorCode =
  | "CONFIG_INVALID"
  | "DATA_DIR_LOCKED"
  | "DATA_DIR_UNUSABLE"
  | "STORE_CORRUPT"
  | "STORE_TOO_NEW"
  | "STORE_TOO_OLD"
  | "IDENTITY_UNUSABLE"
  | "BLOB_MISSING"
  | "BLOB_CORRUPT"
  | "BLOB_INCOMPLETE"
  | "BLOB_BUSY"
  | "DISK_FULL"
  | "PORT_IN_USE"
  | "BIND_REFUSED"
  | "TLS_UNUSABLE"
  | "API_REFUSED"
  | "NODE_UNREACHABLE"
  | "LINEAGE_UNREADABLE"
  | "RECOVERY_REFUSED"
  | "RECOVERY_UNFINISHED"
  | "STOP_TIMEOUT";

export class DaemonError extends Error {
  override readonly name = "DaemonError";

  constructor(
    readonly code: DaemonErrorCode,
    message: string,
    readonly facts: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
