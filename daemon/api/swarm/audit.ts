import { z } from "zod";
import { auditViewSchema } from "../../services/views/audit.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { whole } from "./params.js";

const AUDIT_PAGE_DEFAULT = 100;
const AUDIT_PAGE_MAX = 500;

const text = z.string().min(1).max(256);

export const auditRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/audit",
    id: "audit.list",
    summary: "Who changed what through this node, and who was refused, latest first",
    description:
      "Each record is chained to the one before by its hash; `ncrsh-swarm audit verify` checks the whole log.",
    role: "admin",
    answers: { 200: auditViewSchema },
    errors: ["NOT_FOUND"],
    query: z.strictObject({
      limit: whole(1, AUDIT_PAGE_MAX).optional(),
      cursor: text.optional().describe("`next_cursor` of the page before"),
      action: text.optional().describe("Only this route's id, such as `training.start`"),
      caller: text.optional().describe("Only this caller, such as `user:ada`"),
      since: z.iso.datetime({ offset: true }).optional().describe("Only from then on, RFC 3339"),
    }),
    example: {
      query: { limit: "1", action: "training.stop" },
      answer: {
        entries: [
          {
            seq: 42,
            at: "2026-11-24T03:40:37.825Z",
            caller: "user:ada",
            role: "operator",
            action: "training.stop",
            method: "POST",
            path: "/api/v1/training/stop",
            address: "192.168.1.7",
            outcome: "ok",
            status: 200,
            request_id: "0b9a4b2e-6a0c-4a0e-9d51-9f0e3a6c7f10",
            hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
            previous: "sha256:1f0c5c1b4d5e3f2a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c",
          },
        ],
        total: 42,
        next_cursor: "YmVmb3JlIDQy",
      },
    },
    handle: async ({ services, query }) =>
      json(
        await services.audit.list({
          limit: query.limit ?? AUDIT_PAGE_DEFAULT,
          cursor: query.cursor ?? null,
          action: query.action ?? null,
          caller: query.caller ?? null,
          since: query.since ?? null,
        }),
      ),
  }),
];
