import { join } from "node:path";
import type { CommandModule } from "yargs";
import type { AuditReport } from "../../audit/index.js";
import { DaemonError } from "../../errors.js";
import type { AuditView } from "../../services/views/audit.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { EXIT, UsageError } from "../exit.js";
import { ago } from "../format.js";
import { facts, table } from "../table.js";

const DEFAULT_DATA_DIR = "~/.ncrsh-swarm";

interface ListArgs extends ClientArgs {
  readonly limit: number;
  readonly cursor?: string;
  readonly action?: string;
  readonly caller?: string;
  readonly since?: string;
}

interface VerifyArgs {
  readonly "data-dir": string;
  readonly head?: string;
  readonly json: boolean;
}

export function auditCommand(context: CliContext): CommandModule {
  return {
    command: "audit",
    describe: "Show who changed what through a node, and check that its log was not changed",
    builder: (yargs) =>
      yargs
        .command(listCommand(context))
        .command(verifyCommand(context))
        .demandCommand(1, "say what: list or verify"),
    handler: () => {},
  };
}

function listCommand(context: CliContext): CommandModule<object, ListArgs> {
  return {
    command: "list",
    describe: "List calls that changed something or were refused, latest first",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .option("limit", { type: "number", default: 50, describe: "How many, at most 500" })
        .option("cursor", { type: "string", describe: "Go on where an earlier page ended" })
        .option("action", { type: "string", describe: "Only this action, such as training.start" })
        .option("caller", { type: "string", describe: "Only this caller, such as user:ada" })
        .option("since", { type: "string", describe: "Only from then on, such as 2026-11-24T00:00:00Z" }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const query = new URLSearchParams({ limit: String(args.limit) });
        for (const name of ["cursor", "action", "caller", "since"] as const)
          if (args[name] !== undefined) query.set(name, args[name]);
        show(context, args, await client.get<AuditView>(`/api/v1/audit?${query}`), renderList);
      }),
  };
}

function verifyCommand(context: CliContext): CommandModule<object, VerifyArgs> {
  return {
    command: "verify",
    describe: "Check the whole audit log in a data folder; needs no running node",
    builder: (yargs) =>
      yargs
        .option("data-dir", {
          type: "string",
          requiresArg: true,
          default: context.io.env.NCRSH_SWARM_DATA_DIR || DEFAULT_DATA_DIR,
          describe: "The data folder of the node",
        })
        .option("head", {
          type: "string",
          requiresArg: true,
          describe: "A hash that you noted earlier: the log must still hold it",
        })
        .option("json", { type: "boolean", default: false, describe: "Print the report as JSON" }),
    handler: async (args) => {
      const { head = null } = args;
      if (head !== null && !/^sha256:[0-9a-f]{64}$/.test(head))
        throw new UsageError(`--head ${head} is not sha256: and 64 hex digits`);
      const report = await verified(args["data-dir"], head);
      context.io.out(args.json ? JSON.stringify(report, null, 2) : renderReport(report));
      if (!report.ok) context.exitCode = EXIT.failure;
    },
  };
}

async function verified(dataDir: string, head: string | null): Promise<AuditReport> {
  const { absolutePath } = await import("../../config/node.js");
  const { verifyAudit } = await import("../../audit/index.js");
  const { nodeFs } = await import("../../store/store_fs.js");
  const folder = join(absolutePath(dataDir), "audit");
  try {
    return await verifyAudit(nodeFs, folder, head);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the audit log in ${folder} cannot be read: ${why}`;
    throw new DaemonError("DATA_DIR_UNUSABLE", message, { folder, hint: "--data-dir says where it is" });
  }
}

function renderList({ entries, total, next_cursor }: AuditView): string {
  if (entries.length === 0) return "no such records";
  const rows = entries.map((e) => [
    e.seq,
    ago(e.at),
    e.caller,
    e.role,
    e.action,
    Object.entries(e.details ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(" "),
    e.outcome,
    e.status,
    e.address,
    e.request_id,
  ]);
  const header = ["seq", "when", "caller", "role", "action", "what", "outcome", "status", "from", "request"];
  const more = next_cursor === null ? "" : `; earlier ones: --cursor ${next_cursor}`;
  return `${table(header, rows)}\n\n${entries.length} of ${total} records${more}`;
}

function renderReport(report: AuditReport): string {
  const range = report.first_seq === null ? "none" : `${report.first_seq} to ${report.last_seq}`;
  return facts([
    ["audit log", report.ok ? "verified: every record continues the one before it" : "NOT verified"],
    ["records", `${report.records} (${range}) in ${report.files} files`],
    ["older ones", (report.first_seq ?? 1) > 1 ? "have been removed (audit.keep_files)" : null],
    ["head", report.head],
    ["last line", report.torn ? "is cut off, or being written" : null],
    ...report.notes.map((note) => ["note", note] as const),
    ...report.problems.map(({ file, line, problem }) => {
      return ["problem", file === "" ? problem : `${file}:${line}: ${problem}`] as const;
    }),
  ]);
}
