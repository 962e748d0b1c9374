/** What the doors (HTTP, command line, later ones) can answer when a request fails: one table, one class. */
import { z } from "zod";
import type { View } from "./views/view.js";

interface ServiceErrorKind {
  /** Stable number, part of the HTTP contract. 1001 to 1005 are the contract's, from 1100 on they are ours. */
  readonly code: number;
  readonly httpStatus: number;
}

const kinds = {
  NODE_NOT_FOUND: { code: 1001, httpStatus: 404 },
  TRAINING_IN_PROGRESS: { code: 1002, httpStatus: 409 },
  CONSENSUS_FAILED: { code: 1003, httpStatus: 503 },
  MODEL_CORRUPT: { code: 1004, httpStatus: 500 },
  NETWORK_PARTITION: { code: 1005, httpStatus: 503 },

  INVALID_REQUEST: { code: 1100, httpStatus: 400 },
  NOT_FOUND: { code: 1101, httpStatus: 404 },
  METHOD_NOT_ALLOWED: { code: 1102, httpStatus: 405 },
  PAYLOAD_TOO_LARGE: { code: 1103, httpStatus: 413 },
  UNSUPPORTED_MEDIA_TYPE: { code: 1104, httpStatus: 415 },
  HOST_REFUSED: { code: 1105, httpStatus: 421 },
  RATE_LIMITED: { code: 1106, httpStatus: 429 },
  ORIGIN_REFUSED: { code: 1107, httpStatus: 403 },
  REQUEST_TIMEOUT: { code: 1108, httpStatus: 408 },
  UNAUTHENTICATED: { code: 1109, httpStatus: 401 },
  NOT_READY: { code: 1110, httpStatus: 503 },
  FORBIDDEN: { code: 1111, httpStatus: 403 },
  HEADERS_TOO_LARGE: { code: 1112, httpStatus: 431 },
  URI_TOO_LONG: { code: 1113, httpStatus: 414 },
  TRAINING_NOT_RUNNING: { code: 1120, httpStatus: 409 },
  MODEL_NOT_FOUND: { code: 1121, httpStatus: 404 },
  DATASET_UNKNOWN: { code: 1122, httpStatus: 400 },
  DATASET_UNUSABLE: { code: 1123, httpStatus: 422 },
  IDEMPOTENCY_CONFLICT: { code: 1124, httpStatus: 422 },
  SESSION_NOT_FOUND: { code: 1125, httpStatus: 404 },
  TRAINING_QUEUE_FULL: { code: 1126, httpStatus: 409 },
  VOTE_NOT_OPEN: { code: 1130, httpStatus: 409 },
  VERSION_DIFFERS: { code: 1131, httpStatus: 409 },
  SETTING_CONFLICT: { code: 1140, httpStatus: 412 },
  SETTING_NOT_FOUND: { code: 1141, httpStatus: 404 },
  SETTINGS_FULL: { code: 1142, httpStatus: 413 },
  USER_NOT_FOUND: { code: 1150, httpStatus: 404 },
  USER_EXISTS: { code: 1151, httpStatus: 409 },
  KEY_NOT_FOUND: { code: 1152, httpStatus: 404 },
  KEY_EXISTS: { code: 1153, httpStatus: 409 },
  LAST_ADMIN: { code: 1154, httpStatus: 409 },
  LOGIN_FAILED: { code: 1155, httpStatus: 401 },
  AUTH_FULL: { code: 1156, httpStatus: 409 },
  AUTHENTICATION_OFF: { code: 1157, httpStatus: 409 },
  NODE_EXISTS: { code: 1160, httpStatus: 409 },
  PORT_IN_USE: { code: 1161, httpStatus: 409 },
  SPAWNED_NODES_FULL: { code: 1162, httpStatus: 409 },
  NODE_START_FAILED: { code: 1163, httpStatus: 500 },
  NODE_NOT_REMOVED: { code: 1164, httpStatus: 409 },
  REMOVED_FULL: { code: 1165, httpStatus: 409 },
  LAST_VOTER: { code: 1166, httpStatus: 409 },
  MODEL_EXISTS: { code: 1170, httpStatus: 409 },
  MODELS_FULL: { code: 1171, httpStatus: 413 },
  MODEL_INVALID: { code: 1172, httpStatus: 422 },
  RANGE_NOT_SATISFIABLE: { code: 1173, httpStatus: 416 },
  UPLOADS_BUSY: { code: 1174, httpStatus: 503 },
  SLOW_CONSUMER: { code: 1180, httpStatus: 503 },
  TOO_MANY_STREAMS: { code: 1181, httpStatus: 429 },
  UPGRADE_REQUIRED: { code: 1182, httpStatus: 426 },
  INTERNAL: { code: 1199, httpStatus: 500 },
} as const satisfies Record<string, ServiceErrorKind>;

export type ServiceErrorName = keyof typeof kinds;

/** Every error that a door can answer, in order of code: for the answer itself and for the reference. */
export const SERVICE_ERRORS: Readonly<Record<ServiceErrorName, ServiceErrorKind>> = kinds;

/** A request that failed for a reason the caller can act on. The message is for a person, `details` for a program. */
export class ServiceError extends Error {
  readonly code: number;
  readonly httpStatus: number;

  constructor(
    override readonly name: ServiceErrorName,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = kinds[name].code;
    this.httpStatus = kinds[name].httpStatus;
  }
}

/** The contract's error body. `requestId` is also in the answer's X-Request-Id and in the log. */
export function errorBody(error: ServiceError, requestId: string): ErrorBody {
  const { code, name, message, details } = error;
  return { error: { code, name, message, details, request_id: requestId } };
}

export const errorBodySchema = z
  .object({
    error: z.object({
      code: z.int().describe("Stable number; 1001 to 1005 are the contract's."),
      name: z.string(),
      message: z.string().describe("For a person."),
      details: z.record(z.string(), z.unknown()).describe("For a program."),
      request_id: z.string().describe("Also in X-Request-Id and in the node's log."),
    }),
  })
  .meta({ id: "Error", description: "Why a request failed." });
export type ErrorBody = View<typeof errorBodySchema>;

/** @returns `error` itself, or an INTERNAL error that hides everything but that something failed. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  return new ServiceError(
    "INTERNAL",
    "something failed in this node; its log says what",
    {},
    { cause: error },
  );
}
