/**
 * Models that the swarm keeps by name: versions that somebody saved, and files that somebody uploaded. The bytes are blobs
 * that the nodes pin; here stands which, and what is needed to read them.
 */
import { z } from "zod";
import type { Hash } from "../../protocol/types.js";
import { toBytes } from "../encoding.js";
import { blobRefSchema, naturalSchema, peerSchema } from "../votes/schemas.js";
import type { CommandOf } from "./commands.js";
import { type Applied, done, refuse } from "./outcome.js";
import type { ControlState, SessionState } from "./state.js";

/** Saved and uploaded models of a swarm; one more is refused. */
export const MODELS_MAX = 256;
/** Bytes of all their entries together, since every snapshot carries them; a model beyond it is refused. */
export const MODELS_BYTES_MAX = 1024 * 1024;
/** Characters of a model's name. */
export const MODEL_NAME_CHARS_MAX = 128;
/** Tags of one model. */
export const MODEL_TAGS_MAX = 16;
/** Characters of a tag's key. */
export const MODEL_TAG_KEY_CHARS_MAX = 64;
/** Characters of a tag's value. */
export const MODEL_TAG_VALUE_CHARS_MAX = 256;
/** Encoded bytes of the spec that a model's bytes are read with; as large as a session's. */
export const MODEL_SPEC_BYTES_MAX = 64 * 1024;

const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const word = (max: number) =>
  z
    .string()
    .max(max, { error: `expected at most ${max} characters` })
    .regex(WORD, {
      error: "expected letters, digits, dots, dashes and underscores, a letter or digit first",
    });

export const modelNameSchema = word(MODEL_NAME_CHARS_MAX);
const tagKeySchema = word(MODEL_TAG_KEY_CHARS_MAX);
export const modelTagsSchema = z
  .record(z.string(), z.string().max(MODEL_TAG_VALUE_CHARS_MAX))
  .refine((tags) => Object.keys(tags).every((key) => tagKeySchema.safeParse(key).success), {
    error: `expected keys of at most ${MODEL_TAG_KEY_CHARS_MAX} letters, digits, dots, dashes and underscores, a letter or digit first`,
  })
  .refine((tags) => Object.keys(tags).length <= MODEL_TAGS_MAX, { error: `at most ${MODEL_TAGS_MAX} tags` });

export const storedModelSchema = z.object({
  id: z.string().min(1).max(128),
  /** No other model has it. */
  name: modelNameSchema,
  tags: modelTagsSchema,
  /** `saved`: a version that was committed here. `uploaded`: bytes from elsewhere, that nobody here has computed. */
  kind: z.enum(["saved", "uploaded"]),
  version: blobRefSchema,
  /** The training folder's `SessionSpec`, as of a session; consensus carries it without reading it. */
  spec: z.record(z.string(), z.unknown()).refine((value) => toBytes(value).length <= MODEL_SPEC_BYTES_MAX, {
    error: `at most ${MODEL_SPEC_BYTES_MAX} bytes`,
  }),
  /** The session that made it; null for one that was uploaded. */
  session: z.string().min(1).max(128).nullable(),
  /** Of the version in its session; of an uploaded one, as its file says. */
  height: naturalSchema,
  by: peerSchema,
  /** The proposer's clock, for display only. */
  atMs: naturalSchema,
});
export type StoredModel = z.infer<typeof storedModelSchema>;

export const storedModelsSchema = z.array(storedModelSchema).max(MODELS_MAX);

/** By id, else by name. */
export function modelOf(state: Pick<ControlState, "models">, idOrName: string): StoredModel | null {
  const { models } = state;
  return models.find((m) => m.id === idOrName) ?? models.find((m) => m.name === idOrName) ?? null;
}

export function addModel(state: ControlState, command: CommandOf<"model.add">): Applied {
  const { model } = command;
  // Whoever proposed it may have missed that it was committed, and proposed it again.
  if (state.models.some((m) => m.id === model.id)) return done(state);
  if (state.models.some((m) => m.name === model.name))
    return refuse(state, "MODEL_EXISTS", `there is a model named ${model.name} already`);
  if (model.kind === "saved" && !wasCommitted(state, model)) {
    const which = `version ${model.version.hash} of session ${model.session} at height ${model.height}`;
    return refuse(state, "MODEL_NOT_FOUND", `${which} is not among the versions that the swarm remembers`);
  }
  if (state.models.length >= MODELS_MAX)
    return refuse(state, "MODELS_FULL", `there are ${MODELS_MAX} models already: delete one first`);
  const models = [...state.models, model];
  const bytes = models.reduce((sum, m) => sum + bytesOf(m), 0);
  if (bytes > MODELS_BYTES_MAX) {
    const what = `what the log says of all models would have ${bytes} bytes, at most ${MODELS_BYTES_MAX} fit`;
    return refuse(state, "MODELS_FULL", `${what}: delete one first`);
  }
  return done({ ...state, models });
}

export function deleteModel(state: ControlState, { id }: CommandOf<"model.delete">): Applied {
  const models = state.models.filter((m) => m.id !== id);
  if (models.length === state.models.length)
    return refuse(state, "MODEL_NOT_FOUND", `there is no saved or uploaded model ${id}`);
  return done({ ...state, models });
}

/** Whether the swarm itself knows that it has certified this version: by its session, or by its history. */
function wasCommitted(state: ControlState, { session, height, version }: StoredModel): boolean {
  const is = (s: SessionState) => s.id === session && s.height === height && s.version?.hash === version.hash;
  if (state.session !== null && is(state.session)) return true;
  if (state.past.some(is)) return true;
  return state.history.some(
    (e) => e.type === "version" && e.session === session && e.height === height && e.version === version.hash,
  );
}

/** Entries never change, so each is measured once; a cache, not state. */
const measured = new WeakMap<StoredModel, number>();

function bytesOf(model: StoredModel): number {
  const bytes = measured.get(model) ?? toBytes(model).length;
  measured.set(model, bytes);
  return bytes;
}

/** The blobs that saved and uploaded models stand on. */
export function modelBlobs({ models }: Pick<ControlState, "models">): Set<Hash> {
  return new Set(models.map((m) => m.version.hash));
}
