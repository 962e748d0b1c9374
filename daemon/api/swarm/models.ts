/** The swarm's models: what its sessions make, and what is saved and uploaded. */
import { z } from "zod";
import {
  MODEL_TAG_KEY_CHARS_MAX,
  MODEL_TAG_VALUE_CHARS_MAX,
  MODEL_TAGS_MAX,
  modelNameSchema,
  modelTagsSchema,
} from "../../../consensus/control/index.js";
import { lineageViewSchema } from "../../services/views/certificates.js";
import {
  modelDeletedViewSchema,
  modelListViewSchema,
  modelLoadedViewSchema,
  modelViewSchema,
} from "../../services/views/models.js";
import { API_LIMITS } from "../limits.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { CERTIFICATE_EXAMPLE, LIST_EXAMPLE, SAVED_EXAMPLE, UPLOADED_EXAMPLE } from "./examples/models.js";
import { modelParams, paging } from "./params.js";

const TAR = "application/x-tar";
const SAFETENSORS = "application/octet-stream";
const DECIDED = ["NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"] as const;
const ADDED = ["MODEL_EXISTS", "MODELS_FULL", "MODEL_NOT_FOUND", ...DECIDED] as const;

/** A list of tags is taken for tags without a value. */
const tags = z
  .union([
    modelTagsSchema,
    z
      .array(z.string().max(64))
      .max(16)
      .transform((keys) => Object.fromEntries(keys.map((key) => [key, ""])))
      .pipe(modelTagsSchema),
  ])
  .describe("What it is marked with: an object of texts, or a list");

/** As many as there may be, each as long as it may be, with a sign after its key and one after its value. */
const TAGS_TEXT_CHARS_MAX = MODEL_TAGS_MAX * (MODEL_TAG_KEY_CHARS_MAX + MODEL_TAG_VALUE_CHARS_MAX + 2);

/** `stage=candidate,best`: in a query there is no room for an object. */
const tagsText = z
  .string()
  .max(TAGS_TEXT_CHARS_MAX)
  .transform((text) => {
    const pairs = text.split(",").filter((pair) => pair !== "");
    return Object.fromEntries(
      pairs.map((pair): [string, string] => {
        const at = pair.indexOf("=");
        return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      }),
    );
  })
  .pipe(modelTagsSchema)
  .describe("Separated by commas: stage=candidate,best");

/** What is an id elsewhere would name two things. */
const name = modelNameSchema.refine((text) => !/^(training|model)_/.test(text), {
  error: "must not begin as the ids of sessions and models do (training_, model_)",
});

const modelId = z.string().min(1).max(160).describe("Id or name of a saved or uploaded model");

export const modelRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/models",
    id: "models.list",
    summary: "List the models: the last version of every session, then what was saved and uploaded",
    role: "viewer",
    query: paging,
    answers: { 200: modelListViewSchema },
    links: [
      { to: "models.get", from: "/models/0/id", into: "path.model_id" },
      { to: "models.download", from: "/models/0/id", into: "path.model_id" },
      { to: "models.lineage", from: "/models/0/id", into: "path.model_id" },
    ],
    example: { answer: LIST_EXAMPLE },
    handle: ({ services, query }) => json(services.models.list(query)),
  }),
  route({
    method: "POST",
    path: "/api/v1/models/save",
    id: "models.save",
    summary: "Save a version under a name, so that it stays when newer ones push it out",
    description:
      "Without a body, the last version of the running session. It is committed by the swarm, and every voter fetches the bytes.",
    role: "operator",
    body: z
      .strictObject({
        name: name.optional(),
        tags: tags.optional(),
        session_id: z.string().min(1).max(128).optional(),
        height: z.int().min(0).max(999_999_999_999).optional(),
      })
      .optional(),
    answers: { 201: modelViewSchema },
    errors: [...ADDED, "MODEL_CORRUPT"],
    links: [
      { to: "models.get", from: "/id", into: "path.model_id" },
      { to: "models.download", from: "/id", into: "path.model_id" },
      { to: "models.lineage", from: "/id", into: "path.model_id" },
      { to: "models.delete", from: "/id", into: "path.model_id" },
      { to: "models.load", from: "/id", into: "body.model_id" },
    ],
    example: { body: { name: "before-the-change", tags: { stage: "candidate" } }, answer: SAVED_EXAMPLE },
    handle: async ({ services, body = {} }) => {
      const { name = null, tags = {}, session_id: session = null, height = null } = body;
      return json(await services.models.save({ name, tags, session, height }), 201);
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/models/load",
    id: "models.load",
    summary: "Begin a new session with a saved or uploaded model, by a decision of the swarm",
    description:
      "Every voter makes the first version from the model's own bytes and signs it; training goes on from there, with the model's own plan. It is refused while a session runs.",
    role: "operator",
    rate: "training",
    body: z.strictObject({
      model_id: modelId,
      rounds: z
        .int()
        .min(1)
        .max(10_000_000)
        .optional()
        .describe("Versions after which the session ends; as the model's own session when left out"),
    }),
    answers: { 200: modelLoadedViewSchema },
    errors: ["MODEL_NOT_FOUND", "TRAINING_IN_PROGRESS", "MODEL_INVALID", ...DECIDED],
    links: [{ to: "training.status", from: "/session_id", into: "query.session_id" }],
    example: {
      body: { model_id: "before-the-change" },
      answer: {
        model_id: SAVED_EXAMPLE.id,
        session_id: "training_0a1b2c3d4e5f",
        height: 0,
        model_hash: SAVED_EXAMPLE.model_hash,
      },
    },
    handle: async ({ services, body }) =>
      json(await services.models.load(body.model_id, body.rounds ?? null)),
  }),
  route({
    method: "POST",
    path: "/api/v1/models/upload",
    id: "models.upload",
    summary: "Upload a checkpoint (tar), or the weights alone (.safetensors)",
    description:
      "Taken is what `download` answers, and a .safetensors file of other software with `like`. Everything in it is checked before anything is kept; nothing is left of what is refused.",
    role: "operator",
    query: z.strictObject({
      name: name.optional(),
      tags: tagsText.optional(),
      like: modelId
        .optional()
        .describe("A model whose kind the tensors are of, for a file that does not say so"),
    }),
    upload: { media: [TAR, SAFETENSORS], maxBytes: API_LIMITS.uploadBytes },
    answers: { 201: modelViewSchema },
    errors: [...ADDED, "MODEL_INVALID", "UPLOADS_BUSY"],
    links: [
      { to: "models.get", from: "/id", into: "path.model_id" },
      { to: "models.download", from: "/id", into: "path.model_id" },
      { to: "models.lineage", from: "/id", into: "path.model_id" },
      { to: "models.delete", from: "/id", into: "path.model_id" },
      { to: "models.load", from: "/id", into: "body.model_id" },
    ],
    example: { query: { name: "from-elsewhere" }, answer: UPLOADED_EXAMPLE },
    handle: async ({ services, query, upload, header }) => {
      if (upload === null) throw new Error("models.upload takes an upload");
      const { name = null, tags = {}, like = null } = query;
      const format = header("Content-Type").toLowerCase().startsWith(TAR) ? "tar" : "safetensors";
      return json(await services.models.upload({ name, tags, like, format }, upload), 201);
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/models/:model_id",
    id: "models.get",
    summary: "One model",
    role: "viewer",
    params: modelParams,
    answers: { 200: modelViewSchema },
    errors: ["MODEL_NOT_FOUND", "NOT_READY"],
    example: { params: { model_id: "before-the-change" }, answer: SAVED_EXAMPLE },
    handle: async ({ services, params }) => json(await services.models.get(params.model_id)),
  }),
  route({
    method: "DELETE",
    path: "/api/v1/models/:model_id",
    id: "models.delete",
    summary: "Delete a saved or uploaded model",
    description: "Its bytes go with the next sweep. What a session has made goes with its session.",
    role: "admin",
    params: modelParams,
    answers: { 200: modelDeletedViewSchema },
    errors: ["MODEL_NOT_FOUND", ...DECIDED],
    example: {
      params: { model_id: "before-the-change" },
      answer: { model_id: SAVED_EXAMPLE.id, status: "deleted" },
    },
    handle: async ({ services, params }) => json(await services.models.delete(params.model_id)),
  }),
  route({
    method: "GET",
    path: "/api/v1/models/:model_id/download",
    id: "models.download",
    summary: "Download a model: a checkpoint as a tar archive, or the weights as one .safetensors file",
    role: "viewer",
    params: modelParams,
    query: z.strictObject({ format: z.enum(["tar", "safetensors"]).default("tar") }),
    headers: {
      Range: "One range of bytes, such as `bytes=1000-`",
      "If-Range": "The ETag of what the client has of it: another one, and the whole is answered",
      "If-None-Match": "ETags that the client has: 304 when the answer would be one of them",
    },
    answers: {
      200: { media: TAR, also: [SAFETENSORS], description: "The model" },
      206: { media: TAR, also: [SAFETENSORS], description: "The range" },
      304: "Unchanged",
    },
    errors: ["MODEL_NOT_FOUND", "MODEL_CORRUPT", "NOT_READY", "RANGE_NOT_SATISFIABLE"],
    example: { params: { model_id: "training_789ghi" } },
    handle: async ({ services, params, query }) => ({
      kind: "download",
      download: await services.models.download(params.model_id, query.format),
    }),
  }),
  route({
    method: "GET",
    path: "/api/v1/models/:model_id/lineage",
    id: "models.lineage",
    summary: "The certificates behind a model: every version from height 0 on, and who signed it",
    description: "Of an uploaded model there are none: nobody here has computed it.",
    role: "viewer",
    params: modelParams,
    query: paging,
    answers: { 200: lineageViewSchema },
    errors: ["MODEL_NOT_FOUND", "NOT_READY"],
    example: {
      params: { model_id: "training_789ghi" },
      query: { limit: "1" },
      answer: { certificates: [CERTIFICATE_EXAMPLE], total: 8, next_cursor: "cDE" },
    },
    handle: async ({ services, params, query }) =>
      json(await services.models.lineage(params.model_id, query)),
  }),
];
