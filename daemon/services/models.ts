/** The swarm's models, for the doors: which there are, what an id stands for, and what can be done with it. */
import type { Readable } from "node:stream";
import {
  type ControlState,
  isActive,
  modelOf,
  type SessionState,
  type StoredModel,
} from "../../consensus/control/index.js";
import type { Certificate } from "../../consensus/types.js";
import type { Hash } from "../../protocol/types.js";
import type { DownloadFormat, ModelDownload } from "./download.js";
import { ServiceError } from "./errors.js";
import { pageOf } from "./page.js";
import { decidedBySwarm } from "./partition.js";
import type { SwarmSource } from "./source.js";
import { certificateView, type LineageView } from "./views/certificates.js";
import {
  type ModelDeletedView,
  type ModelListView,
  type ModelLoadedView,
  type ModelView,
  modelListView,
  resolveModel,
  sessionModelView,
  storedModelView,
  versionModelView,
} from "./views/models.js";

export interface SaveModel {
  /** Null: its id. */
  readonly name: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly session: string;
  readonly height: number;
  readonly spec: SessionState["spec"];
}

export interface UploadModel {
  readonly name: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly format: DownloadFormat;
  /** What the tensors are of, where the file does not say so itself. */
  readonly like: Pick<StoredModel, "spec"> | null;
}

export interface LoadedModel {
  readonly session: string;
  readonly height: number;
  readonly hash: Hash;
}

/** What is used of the node. */
export interface ModelsPort {
  /** Null when its bytes are not on this node. @throws ServiceError MODEL_CORRUPT, MODEL_NOT_FOUND, NOT_READY */
  openVersion(session: string, height: number, format: DownloadFormat): Promise<ModelDownload | null>;
  openModel(model: StoredModel, format: DownloadFormat): Promise<ModelDownload | null>;
  /** Null when this node has none. */
  certificate(session: string, height: number): Promise<Certificate | null>;
  /** The model's id, once it is committed. */
  save(request: SaveModel): Promise<string>;
  upload(request: UploadModel, body: Readable): Promise<string>;
  delete(id: string): Promise<void>;
  /** Resolves once the session that starts from it has its first version. */
  load(model: StoredModel, rounds: number | null): Promise<LoadedModel>;
}

export interface PageQuery {
  readonly limit: number;
  readonly cursor: string | null;
}

export interface SaveRequest {
  readonly name: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Null: the running session, else the last one. */
  readonly session: string | null;
  /** Null: its last version. */
  readonly height: number | null;
}

export interface UploadRequest extends Omit<UploadModel, "like"> {
  /** Id or name of a model. */
  readonly like: string | null;
}

/** An id is that of a saved or uploaded model, its name, a session's id for its last version, or `session@height`. */
export interface ModelsService {
  list(query: PageQuery): ModelListView;
  /** @throws ServiceError MODEL_NOT_FOUND */
  get(id: string): Promise<ModelView>;
  /** @throws ServiceError MODEL_NOT_FOUND, MODEL_CORRUPT, NOT_READY */
  download(id: string, format: DownloadFormat): Promise<ModelDownload>;
  /** The certificates behind a model, from height 0 on. @throws ServiceError MODEL_NOT_FOUND, NOT_READY */
  lineage(id: string, query: PageQuery): Promise<LineageView>;
  /** @throws ServiceError MODEL_NOT_FOUND, MODEL_EXISTS, MODELS_FULL, MODEL_CORRUPT, and those of what the swarm decides */
  save(request: SaveRequest): Promise<ModelView>;
  /** @throws ServiceError as `save`, and PAYLOAD_TOO_LARGE, MODEL_INVALID, UPLOADS_BUSY */
  upload(request: UploadRequest, body: Readable): Promise<ModelView>;
  /** @throws ServiceError MODEL_NOT_FOUND, INVALID_REQUEST for a session's own, and those of what the swarm decides */
  delete(id: string): Promise<ModelDeletedView>;
  /** @throws ServiceError as `delete`, and TRAINING_IN_PROGRESS, MODEL_INVALID */
  load(id: string, rounds: number | null): Promise<ModelLoadedView>;
}

export function modelsService(source: SwarmSource, port: () => ModelsPort): ModelsService {
  const control = (): ControlState | null => source.snapshot().control;
  const holds = (hash: Hash) => source.holdsVersion(hash);
  const stored = (id: string): StoredModel | null => {
    const state = control();
    return state === null ? null : modelOf(state, id);
  };
  /** A saved or uploaded one, or the error that says why it is none. */
  const storedOnly = (id: string): StoredModel => {
    const model = stored(id);
    if (model !== null) return model;
    const { session, height } = resolveModel(control(), id);
    const message = `${id} is version ${height} of session ${session}: save it first (POST /api/v1/models/save); what is saved or uploaded can be loaded and deleted`;
    throw new ServiceError("INVALID_REQUEST", message, { session_id: session, height });
  };
  const added = (id: string): ModelView => {
    const model = stored(id);
    if (model !== null) return storedModelView(model, holds);
    throw new ServiceError("MODEL_NOT_FOUND", `model ${id} has been deleted meanwhile`, { model_id: id });
  };

  return {
    list: (query) => modelListView(source.snapshot(), holds, query),
    async get(id) {
      const model = stored(id);
      if (model !== null) return storedModelView(model, holds);
      const { session, height, state } = resolveModel(control(), id);
      if (height === state.height) return sessionModelView(state, holds);
      const certificate = await port().certificate(session, height);
      if (certificate !== null) return versionModelView(state, certificate, holds);
      throw notFetched(session, height);
    },
    async download(id, format) {
      const model = stored(id);
      const { session, height } = model ?? resolveModel(control(), id);
      const download =
        model === null
          ? await port().openVersion(session as string, height, format)
          : await port().openModel(model, format);
      if (download !== null) return download;
      const message = `this node does not hold the bytes of ${id} (height ${height}); ask a node that does, or take the latest`;
      throw new ServiceError("MODEL_NOT_FOUND", message, { model_id: id, session_id: session, height });
    },
    async lineage(id, query) {
      const { session, height } = stored(id) ?? resolveModel(control(), id);
      // Nobody here has computed what was uploaded: no certificate stands behind it.
      if (session === null) return { certificates: [], total: 0, next_cursor: null };
      const total = height + 1;
      const { from, to, next } = pageOf(total, query);
      const certificates = [];
      for (let at = from; at < to; at++) {
        const certificate = await port().certificate(session, at);
        if (certificate === null) throw notFetched(session, at);
        certificates.push(certificateView(certificate));
      }
      return { certificates, total, next_cursor: next };
    },
    save: ({ name, tags, session, height }) =>
      decidedBySwarm(source, async ({ control: state }) => {
        const latest = state?.session?.id ?? state?.past.at(-1)?.id ?? null;
        const id = session ?? latest;
        if (id === null) throw new ServiceError("MODEL_NOT_FOUND", "no session has made a version yet");
        const found = resolveModel(state, height === null ? id : `${id}@${height}`);
        const { spec } = found.state;
        return added(await port().save({ name, tags, session: found.session, height: found.height, spec }));
      }),
    upload: ({ like, ...request }, body) =>
      decidedBySwarm(source, async ({ control: state }) => {
        const model = like === null ? null : (stored(like) ?? resolveModel(state, like).state);
        return added(await port().upload({ ...request, like: model }, body));
      }),
    delete: (id) =>
      decidedBySwarm(source, async () => {
        const model = storedOnly(id);
        await port().delete(model.id);
        return { model_id: model.id, status: "deleted" };
      }),
    load: (id, rounds) =>
      decidedBySwarm(source, async ({ control: state }) => {
        const model = storedOnly(id);
        const running = state?.session ?? null;
        if (isActive(running)) {
          const message = `session ${running.id} is ${running.status}: stop it first, or wait for its end`;
          throw new ServiceError("TRAINING_IN_PROGRESS", message, { session_id: running.id });
        }
        const { session, height, hash } = await port().load(model, rounds);
        return { model_id: model.id, session_id: session, height, model_hash: hash };
      }),
  };
}

function notFetched(session: string, height: number): ServiceError {
  const message = `this node is still fetching the history of ${session} (height ${height}); try again in a moment`;
  return new ServiceError("NOT_READY", message, { session_id: session, height });
}
