/** The swarm's settings; a revision is also the strong ETag. */
import { z } from "zod";
import { ServiceError } from "../../services/errors.js";
import type { SettingsQuery } from "../../services/settings.js";
import {
  settingDeletedViewSchema,
  settingListViewSchema,
  settingViewSchema,
} from "../../services/views/settings.js";
import { API_LIMITS } from "../limits.js";
import { route } from "../parse.js";
import { etagOf, expectedRevision, isUnchanged } from "../preconditions.js";
import { type Answer, json, type Route, type RouteRequest } from "../route.js";
import { SETTING, SETTING_DELETED, SETTING_LIST } from "./examples/settings.js";
import { settingParams, whole } from "./params.js";

const UNCHANGED = "ETags that the client has: 304 when the answer would be one of them";
const REVISION = "The ETag of the revision to replace";

const reading = z
  .strictObject({
    consistency: z.enum(["linearizable", "local"]).default("linearizable"),
    after: whole(0, Number.MAX_SAFE_INTEGER).optional(),
    timeout_ms: whole(0, API_LIMITS.waitMsMax).optional(),
  })
  .refine(({ after, timeout_ms }) => timeout_ms === undefined || after !== undefined, {
    path: ["timeout_ms"],
    error: "is taken only together with after",
  });

function queryOf({
  query,
  gone,
}: Pick<RouteRequest<unknown, z.output<typeof reading>, unknown>, "query" | "gone">): SettingsQuery {
  const { consistency, after, timeout_ms: timeoutMs = API_LIMITS.waitMsMax } = query;
  return {
    local: consistency === "local",
    wait: after === undefined ? null : { after, timeoutMs, gone: gone() },
  };
}

function answer(view: { readonly revision: number }, header: (name: string) => string): Answer {
  const headers = { ETag: etagOf(view.revision) };
  return isUnchanged(header, view.revision) ? json(undefined, 304, headers) : json(view, 200, headers);
}

export const settingsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/settings",
    id: "settings.list",
    summary: "List the swarm's settings; with `after`, once something is newer than that revision",
    role: "viewer",
    headers: { "If-None-Match": UNCHANGED },
    answerHeaders: { ETag: "The revision, quoted" },
    answers: { 200: settingListViewSchema, 304: "Unchanged" },
    errors: ["NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    example: { answer: SETTING_LIST },
    query: reading,
    handle: async (request) => answer(await request.services.settings.list(queryOf(request)), request.header),
  }),
  route({
    method: "GET",
    path: "/api/v1/settings/:key",
    id: "settings.get",
    summary: "One setting of the swarm; with `after`, once it is newer than that revision",
    role: "viewer",
    params: settingParams,
    headers: { "If-None-Match": UNCHANGED },
    answerHeaders: { ETag: "The revision, quoted" },
    answers: { 200: settingViewSchema, 304: "Unchanged" },
    errors: ["SETTING_NOT_FOUND", "NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    example: { params: { key: "user.note" }, answer: SETTING },
    query: reading,
    handle: async (request) => {
      const { services, params, header } = request;
      return answer(await services.settings.get(params.key, queryOf(request)), header);
    },
  }),
  route({
    method: "PUT",
    path: "/api/v1/settings/:key",
    id: "settings.set",
    summary:
      "Set it; with If-Match only if that is its revision, with If-None-Match: * only if there is none",
    role: "admin",
    params: settingParams,
    headers: { "If-Match": REVISION, "If-None-Match": "`*`: only if there is none" },
    answerHeaders: { ETag: "The revision, quoted" },
    answers: { 200: settingViewSchema, 201: settingViewSchema },
    errors: ["SETTING_CONFLICT", "SETTINGS_FULL", "NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    links: [
      { to: "settings.get", from: "/key", into: "path.key" },
      { to: "settings.delete", from: "/key", into: "path.key" },
    ],
    example: { params: { key: "user.note" }, body: { value: "hello" }, answer: SETTING },
    body: z.strictObject({
      value: z.unknown().refine((value) => value !== undefined, { error: "expected any JSON value" }),
    }),
    handle: async ({ services, params, header, body }) => {
      const expect = expectedRevision(header);
      const view = await services.settings.set(params.key, body.value, expect);
      return json(view, expect === 0 ? 201 : 200, { ETag: etagOf(view.revision) });
    },
  }),
  route({
    method: "DELETE",
    path: "/api/v1/settings/:key",
    id: "settings.delete",
    summary: "Delete it; with If-Match only if that is its revision",
    role: "admin",
    params: settingParams,
    headers: { "If-Match": REVISION },
    answers: { 200: settingDeletedViewSchema },
    errors: ["SETTING_NOT_FOUND", "SETTING_CONFLICT", "NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    example: { params: { key: "user.note" }, answer: SETTING_DELETED },
    handle: async ({ services, params, header }) => {
      const expect = expectedRevision(header);
      // There is nothing to delete where there is to be nothing.
      if (expect === 0)
        throw new ServiceError("INVALID_REQUEST", "If-None-Match: not taken here", { committed: "no" });
      return json(await services.settings.delete(params.key, expect));
    },
  }),
];
