import type { CommandModule } from "yargs";
import type { ConsensusStatusView, DecisionView, HistoryView } from "../../services/views/consensus.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { ago, nodeLabel, shortHash, shortPeer } from "../format.js";
import { facts, table } from "../table.js";
import { recoverCommand } from "./recover.js";
import { verifyLineageCommand } from "./verify_lineage.js";
import { approvalsCommand, voteCommand } from "./vote.js";

interface HistoryArgs extends ClientArgs {
  readonly limit: number;
  readonly before?: number;
}

export function consensusCommand(context: CliContext): CommandModule {
  const status: CommandModule<object, ClientArgs> = {
    command: "status",
    describe: "Show the leader, the voters and where the log stands",
    builder: (yargs) => clientOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) => {
        show(context, args, await client.get<ConsensusStatusView>("/api/v1/consensus/status"), renderStatus);
      }),
  };
  const history: CommandModule<object, HistoryArgs> = {
    command: "history",
    describe: "List decisions, latest first",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .option("limit", { type: "number", default: 20, describe: "How many, at most 500" })
        .option("before", { type: "number", describe: "Only decisions with a log index below this one" }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const before = args.before === undefined ? "" : `&before=${args.before}`;
        const path = `/api/v1/consensus/history?limit=${args.limit}${before}`;
        show(context, args, await client.get<HistoryView>(path), renderHistory);
      }),
  };
  return {
    command: "consensus",
    describe: "Show what the swarm has decided, and check a model's history",
    builder: (yargs) =>
      yargs
        .command(status)
        .command(history)
        .command(approvalsCommand(context))
        .command(voteCommand(context))
        .command(verifyLineageCommand(context))
        .command(recoverCommand(context))
        .demandCommand(1, "say what: status, history, approvals, vote, verify-lineage or recover"),
    handler: () => {},
  };
}

function renderStatus(view: ConsensusStatusView): string {
  const { quorum } = view;
  const head = facts([
    ["swarm", view.swarm_id],
    ["formation", view.formation ?? "none yet"],
    ["role", view.role],
    ["term", view.term],
    ["leader", nodeLabel(view.leader, view.leader_name) ?? "none"],
    [
      "log",
      view.commit_index === null ? null : `committed ${view.commit_index}, applied ${view.applied_index}`,
    ],
    ["quorum", `${quorum.alive} of ${quorum.voters} voters alive, ${quorum.needed} needed`],
    ["session", view.session_id],
    ["round", view.round],
    ["version", view.height === null ? null : `${shortHash(view.model_hash)} at height ${view.height}`],
  ]);
  const members = [
    ...view.voters.map((m) => ({ ...m, part: "voter" })),
    ...view.learners.map((m) => ({ ...m, part: "learner" })),
  ];
  if (members.length === 0) return head;
  const rows = members.map((m) => [
    m.name,
    m.id,
    m.part,
    m.alive ? "yes" : "no",
    m.id === view.leader ? "leads" : "",
  ]);
  return `${head}\n\n${table(["name", "id", "part", "alive", " "], rows)}`;
}

function renderHistory({ decisions, total, next_before }: HistoryView): string {
  if (decisions.length === 0) return "no decisions yet";
  const rows = decisions.map((d) => [
    d.index,
    d.term,
    ago(d.at),
    d.type,
    d.round,
    d.height,
    shortHash(d.model_hash),
    d.contributors.length || null,
    d.signers.length || null,
    remarkOf(d),
  ]);
  const header = [
    "index",
    "term",
    "when",
    "type",
    "round",
    "height",
    "version",
    "counted",
    "signed",
    "remark",
  ];
  const more = next_before === null ? "" : `; earlier ones: --before ${next_before}`;
  return `${table(header, rows)}\n\n${decisions.length} of ${total} decisions${more}`;
}

function remarkOf({ reason, rejected }: DecisionView): string {
  const turnedAway = rejected.map((r) => `${shortPeer(r.peer)} rejected: ${r.reason}`);
  return [reason, ...turnedAway].filter((part) => part !== null).join("; ");
}
