/** `consensus approvals` and `consensus vote`: what waits for this node's operator, and the operator's vote on it. */
import type { CommandModule } from "yargs";
import { DaemonError } from "../../errors.js";
import type { ApprovalsView, CastVoteView, VersionVoteView } from "../../services/views/approvals.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { fixed, nodeLabel, shortHash } from "../format.js";
import { facts, table } from "../table.js";

interface VoteArgs extends ClientArgs {
  readonly vote: "approve" | "reject";
  readonly hash?: string;
  readonly reason?: string;
}

const APPROVALS = "/api/v1/consensus/approvals";

export function approvalsCommand(context: CliContext): CommandModule<object, ClientArgs> {
  return {
    command: "approvals",
    describe: "Show the versions that wait for this node's vote",
    builder: (yargs) => clientOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) => {
        show(context, args, await client.get<ApprovalsView>(APPROVALS), renderApprovals);
      }),
  };
}

export function voteCommand(context: CliContext): CommandModule<object, VoteArgs> {
  return {
    command: "vote <vote> [hash]",
    describe: "Vote on a version that waits for this node's operator",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("vote", {
          choices: ["approve", "reject"] as const,
          demandOption: true,
          describe: "The vote",
        })
        .positional("hash", {
          type: "string",
          describe: "The sha256:… hash of the version; can be left out while one version alone waits",
        })
        .option("reason", {
          type: "string",
          describe: "Why; it stands in the history of a round that fails",
        }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const version = args.hash ?? onlyOne(await client.get<ApprovalsView>(APPROVALS));
        const reason = args.reason === undefined ? {} : { reason: args.reason };
        const request = { vote: args.vote, model_hash: version, ...reason };
        show(context, args, await client.post<CastVoteView>("/api/v1/consensus/vote", request), renderVote);
      }),
  };
}

/** @throws DaemonError when it is not clear what is voted on */
function onlyOne({ votes, approval }: ApprovalsView): string {
  const waiting = votes.filter((v) => v.state === "awaiting").map((v) => v.model_hash);
  const [only] = new Set(waiting);
  if (only !== undefined && new Set(waiting).size === 1) return only;
  const message =
    only !== undefined
      ? `several versions wait, say which one: ${waiting.join(", ")}`
      : approval === "auto"
        ? "no version waits for a vote: consensus.approval is auto on this node, which votes by itself"
        : "no version waits for this node's vote at the moment";
  throw new DaemonError("API_REFUSED", message, { waiting });
}

export function renderApprovals({ approval, pending, votes }: ApprovalsView): string {
  const head = facts([
    ["approval", approval],
    ["waiting", String(pending)],
  ]);
  if (votes.length === 0) return head;
  const header = ["version", "round", "height", "proposer", "state", "recomputed", "loss", "until", "remark"];
  return `${head}\n\n${table(header, votes.map(row))}`;
}

function row(v: VersionVoteView): (string | number | null)[] {
  return [
    v.state === "awaiting" ? v.model_hash : shortHash(v.model_hash),
    v.round,
    v.height,
    nodeLabel(v.proposer, v.proposer_name),
    v.state,
    v.recomputed,
    fixed(v.validation?.loss ?? null, 4),
    v.expires_at,
    v.reason,
  ];
}

function renderVote({ vote, model_hash, round, height }: CastVoteView): string {
  const done = vote === "approve" ? "approved and signed" : "rejected";
  return `${done}: version ${shortHash(model_hash)} at height ${height}, round ${round}`;
}
