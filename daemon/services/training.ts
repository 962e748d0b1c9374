/** Sessions: started (once for each key), looked at, paused, resumed, stopped. */
import {
  type ControlState,
  isActive,
  type SessionKey,
  type SessionState,
  sessionOfKey,
} from "../../consensus/control/index.js";
import { hashOf, toBytes } from "../../consensus/encoding.js";
import type { TrainingRequest } from "../../training/plan/index.js";
import { ServiceError } from "./errors.js";
import { decidedBySwarm } from "./partition.js";
import type { SwarmCommands, SwarmSnapshot, SwarmSource } from "./source.js";
import type { StartTraining, TrainingService } from "./types.js";
import { resolveNode } from "./views/nodes.js";
import { sessionListView } from "./views/sessions.js";
import { sessionById, trainingStatusView } from "./views/training.js";

export interface TrainingParts {
  readonly source: SwarmSource;
  readonly commands: Pick<
    SwarmCommands,
    "startTraining" | "stopTraining" | "pauseTraining" | "resumeTraining"
  >;
}

export function trainingService({ source, commands }: TrainingParts): TrainingService {
  const statusOf = (id: string) => trainingStatusView(source.snapshot(), id);
  return {
    sessions: (query) => sessionListView(source.snapshot().control, query),
    status: (id) => {
      const snapshot = source.snapshot();
      if (id !== null && sessionById(snapshot.control, id) === null) throw unknownSession(id);
      return trainingStatusView(snapshot, id);
    },
    start: (start) =>
      decidedBySwarm(source, async (snapshot) => {
        const key = keyOf(start);
        const before = startedBefore(snapshot.control, key);
        if (before !== null) return { status: statusOf(before.id), replayed: true };
        refuseSecond(snapshot.control, start.queue);
        const request = withPeerIds(start.request, snapshot);
        const { id, replayed } = await commands.startTraining(request, { queue: start.queue, key });
        return { status: statusOf(id), replayed };
      }),
    // Whether a session runs is not known to a node that is cut off: it says that before it says that none does.
    stop: ({ session: id, reason }) =>
      decidedBySwarm(source, async ({ control }) => {
        const { id: session, status } = wanted(control, id, (s) => s.status === "queued" || isActive(s));
        await commands.stopTraining(
          session,
          reason ?? (status === "queued" ? "taken back on request" : "stopped on request"),
        );
        return statusOf(session);
      }),
    pause: ({ session: id, reason }) =>
      decidedBySwarm(source, async ({ control }) => {
        const session = wanted(control, id, (s) => isActive(s) && s.status !== "finishing");
        if (session.status !== "paused") await commands.pauseTraining(session.id, reason);
        return statusOf(session.id);
      }),
    resume: (id) =>
      decidedBySwarm(source, async ({ control }) => {
        const session = wanted(control, id, (s) => isActive(s) && s.status !== "finishing");
        if (session.status === "paused") await commands.resumeTraining(session.id);
        return statusOf(session.id);
      }),
  };
}

/** The digest is of what was asked for, as it was understood, so that the order of fields in it plays no part. */
function keyOf({ request, queue, key }: StartTraining): SessionKey | null {
  return key === null ? null : { key, request: hashOf(toBytes({ queue, request })) };
}

/** @throws ServiceError IDEMPOTENCY_CONFLICT */
function startedBefore(control: ControlState | null, key: SessionKey | null): SessionState | null {
  const session = control === null || key === null ? null : sessionOfKey(control, key.key);
  if (session === null || session.key?.request === key?.request) return session;
  throw keyConflict(session.id);
}

export function keyConflict(session: string | null): ServiceError {
  const message = `this Idempotency-Key has started ${session ?? "a session"} with another request: use a new key for a new session`;
  return new ServiceError("IDEMPOTENCY_CONFLICT", message, session === null ? {} : { session_id: session });
}

/** Says at once what the log would refuse. @throws ServiceError TRAINING_IN_PROGRESS */
function refuseSecond(control: ControlState | null, queue: boolean): void {
  const running = control?.session ?? null;
  if (!isActive(running) || queue) return;
  const message = `session ${running.id} is ${running.status}: stop it first, wait for its end, or start with "queue": true`;
  throw new ServiceError("TRAINING_IN_PROGRESS", message, { session_id: running.id });
}

/** @throws ServiceError SESSION_NOT_FOUND, TRAINING_NOT_RUNNING */
function wanted(
  control: ControlState | null,
  id: string | null,
  fits: (session: SessionState) => boolean,
): SessionState {
  const session = id === null ? (control?.session ?? null) : sessionById(control, id);
  if (session === null && id !== null) throw unknownSession(id);
  if (session !== null && fits(session)) return session;
  if (session === null || (id === null && !isActive(session)))
    throw new ServiceError("TRAINING_NOT_RUNNING", "no training session is running");
  const message = `session ${session.id} is ${session.status}`;
  throw new ServiceError("TRAINING_NOT_RUNNING", message, { session_id: session.id, status: session.status });
}

function unknownSession(id: string): ServiceError {
  const message = `no session ${id}; GET /api/v1/training/sessions lists those that are remembered`;
  return new ServiceError("SESSION_NOT_FOUND", message, { session_id: id });
}

/** Requests may name nodes by name; a session names them by peer id. */
function withPeerIds(request: TrainingRequest, snapshot: SwarmSnapshot): TrainingRequest {
  if (!request.nodes) return request;
  const peers = request.nodes.map((id) => resolveNode(snapshot, id));
  return { ...request, nodes: [...new Set(peers)].sort() };
}
