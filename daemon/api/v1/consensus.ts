import { z } from "zod";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { whole } from "./query.js";

const HISTORY_PAGE_DEFAULT = 50;
const HISTORY_PAGE_MAX = 500;

export const consensusRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/consensus/status",
    summary: "Consensus as this node sees it: leader, voters, quorum, log, current version",
    handle: ({ services }) => json(services.consensus.status()),
  }),
  route({
    method: "GET",
    path: "/api/v1/consensus/history",
    summary: "Decisions, latest first",
    query: z.strictObject({
      limit: whole(1, HISTORY_PAGE_MAX).optional(),
      before: whole(0, Number.MAX_SAFE_INTEGER).optional(),
    }),
    handle: ({ services, query }) =>
      json(
        services.consensus.history({
          limit: query.limit ?? HISTORY_PAGE_DEFAULT,
          before: query.before ?? null,
        }),
      ),
  }),
];
