import type { CommandModule } from "yargs";
import type { LineageRecovery, LineageReport } from "../../../consensus/votes/index.js";
import type { CliContext } from "../context.js";
import { EXIT, UsageError } from "../exit.js";
import type { LineageSource } from "../lineage_file.js";
import { facts } from "../table.js";

interface VerifyArgs {
  readonly file?: string;
  readonly session?: string;
  readonly "data-dir"?: string;
  readonly formation?: string;
  readonly "accept-recovery"?: readonly string[];
  readonly json: boolean;
}

interface VerifyReport extends LineageReport {
  /** Whether the weights that came along are the last version of the lineage; null when none came. */
  readonly weightsMatch: boolean | null;
}

export function verifyLineageCommand(context: CliContext): CommandModule<object, VerifyArgs> {
  return {
    command: "verify-lineage [file]",
    describe: "Check a model's weights and whole history from its certificates; needs no running node",
    builder: (yargs) =>
      yargs
        .positional("file", {
          type: "string",
          describe: "A downloaded checkpoint, or the lineage.cbor inside one",
        })
        .option("session", { type: "string", describe: "With --data-dir: which session" })
        .option("data-dir", { type: "string", describe: "The data folder of a node that is stopped" })
        .option("formation", {
          type: "string",
          describe:
            "The swarm's formation as you know it (see `consensus status`): the lineage must be of that swarm",
        })
        .option("accept-recovery", {
          type: "string",
          array: true,
          requiresArg: true,
          describe:
            "Digest of a recovery by force that you trust (see `consensus recover`): it and those before it may stand in the lineage",
        })
        .option("json", { type: "boolean", default: false, describe: "Print the report as JSON" }),
    handler: async (args) => {
      const accepted = acceptedOf(args);
      const source = await sourceOf(args);
      const { verifyLineage } = await import("../../../consensus/votes/index.js");
      const { verifySignature } = await import("../../../protocol/identity.js");
      const lineage = verifyLineage(source.records, verifySignature, accepted);
      const report = reportOf(lineage, source.weights, args.formation);
      context.io.out(
        args.json ? JSON.stringify(report, null, 2) : render(report, args.formation !== undefined),
      );
      if (!report.ok) context.exitCode = EXIT.failure;
    },
  };
}

/** @throws UsageError for what is no digest: it would silently accept nothing */
function acceptedOf({ "accept-recovery": given = [] }: VerifyArgs): readonly string[] {
  const wrong = given.find((digest) => !/^sha256:[0-9a-f]{64}$/.test(digest));
  if (wrong === undefined) return given;
  throw new UsageError(`--accept-recovery ${wrong} is not sha256: and 64 hex digits`);
}

async function sourceOf({ file, session, "data-dir": dataDir }: VerifyArgs): Promise<LineageSource> {
  const { absolutePath } = await import("../../config/node.js");
  const { readLineageFile, readLineageOfNode } = await import("../lineage_file.js");
  if (file !== undefined && session === undefined && dataDir === undefined) {
    return readLineageFile(absolutePath(file));
  }
  if (file === undefined && session !== undefined && dataDir !== undefined) {
    return readLineageOfNode(absolutePath(dataDir), session);
  }
  throw new UsageError("say which lineage: a file, or both --data-dir and --session");
}

/** The lineage's own report, and what only stands beside it: the weights, and the swarm that was expected. */
function reportOf(
  lineage: LineageReport,
  weights: LineageSource["weights"],
  formation: string | undefined,
): VerifyReport {
  const problems = [...lineage.problems];
  if (formation !== undefined && lineage.formation !== formation) {
    problems.push(`it is of the swarm ${lineage.formation ?? "(unknown)"}, not of ${formation}`);
  }
  const weightsMatch =
    weights === null ? null : weights.version === lineage.head && weights.session === lineage.session;
  if (weightsMatch === false) {
    problems.push(`its weights are ${weights?.version}, the lineage ends with ${lineage.head ?? "nothing"}`);
  }
  return { ...lineage, ok: problems.length === 0, problems, weightsMatch };
}

function verdictOf({ ok, recoveries }: VerifyReport): string {
  if (!ok) return "NOT verified";
  return recoveries.length === 0
    ? "verified: a majority of its committee signed every version"
    : "verified, with recoveries by force that you accepted: between them a majority of the committee signed every version";
}

function recoveryText({ digest, by, from, height, atMs, accepted }: LineageRecovery): string {
  const at = height === null ? "before any version" : `at height ${height}`;
  return `${digest} by ${by} alone, of a committee of ${from.length}, ${at}, ${new Date(atMs).toISOString()}: ${accepted ? "accepted" : "NOT accepted"}`;
}

function render(report: VerifyReport, anchored: boolean): string {
  const compare = anchored ? "" : " (compare it with one you trust, or give it as --formation)";
  return facts([
    ["lineage", verdictOf(report)],
    ...report.recoveries.map((recovery) => ["RECOVERED", recoveryText(recovery)] as const),
    [
      "weights",
      report.weightsMatch === null ? "not included" : report.weightsMatch ? "are the last version" : "differ",
    ],
    ["session", report.session],
    ["formation", report.formation === null ? null : `${report.formation}${compare}`],
    ["founders", report.founders.length],
    ["committees", report.committees],
    ["versions", report.versions],
    ["signatures", report.signatures],
    ["contributors", report.contributors.length],
    ["head", report.head],
    ...report.problems.map((problem) => ["problem", problem] as const),
  ]);
}
