import { z } from "zod";
import { hashSchema } from "../../../consensus/votes/index.js";
import { approvalsViewSchema, castVoteViewSchema } from "../../services/views/approvals.js";
import { consensusStatusViewSchema, historyViewSchema } from "../../services/views/consensus.js";
import { hashTextSchema } from "../../services/views/view.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { APPROVALS, CAST_VOTE, CONSENSUS_STATUS, HISTORY, VOTE } from "./examples/consensus.js";
import { whole } from "./params.js";

const HISTORY_PAGE_DEFAULT = 50;
const HISTORY_PAGE_MAX = 500;
/** Characters of the reason that an operator gives with a vote. */
const VOTE_REASON_CHARS_MAX = 256;

const voteSchema = z.strictObject({
  vote: z.enum(["approve", "reject"], { error: "expected approve or reject" }),
  model_hash: hashTextSchema.pipe(hashSchema),
  /** Why, for the history of a round that fails. */
  reason: z.string().min(1).max(VOTE_REASON_CHARS_MAX).optional(),
});

export const consensusRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/consensus/status",
    id: "consensus.status",
    summary: "Consensus as this node sees it: leader, voters, quorum, log, current version",
    role: "viewer",
    answers: { 200: consensusStatusViewSchema },
    example: { answer: CONSENSUS_STATUS },
    handle: ({ services }) => json(services.consensus.status()),
  }),
  route({
    method: "GET",
    path: "/api/v1/consensus/approvals",
    id: "consensus.approvals",
    summary: "This node's votes on the versions of the open round, and those that wait for its operator",
    role: "viewer",
    answers: { 200: approvalsViewSchema },
    example: { answer: APPROVALS },
    handle: ({ services }) => json(services.consensus.approvals()),
  }),
  route({
    method: "POST",
    path: "/api/v1/consensus/vote",
    id: "consensus.vote",
    summary: "Submit this node's vote on a version that waits for it; answers once it is signed",
    role: "operator",
    answers: { 200: castVoteViewSchema },
    errors: ["NOT_READY", "VOTE_NOT_OPEN", "VERSION_DIFFERS", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    example: { body: VOTE, answer: CAST_VOTE },
    body: voteSchema,
    handle: async ({ services, body }) =>
      json(
        await services.consensus.vote({
          vote: body.vote,
          version: body.model_hash,
          reason: body.reason ?? null,
        }),
      ),
  }),
  route({
    method: "GET",
    path: "/api/v1/consensus/history",
    id: "consensus.history",
    summary: "Decisions, latest first",
    role: "viewer",
    answers: { 200: historyViewSchema },
    example: { query: { limit: "20" }, answer: HISTORY },
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
