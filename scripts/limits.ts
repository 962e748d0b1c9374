/** docs/LIMITS.md, made from the constants and the comments that stand above them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { raftNodeOptions } from "../consensus/node/index.js";
import { type LimitsFile, limitsOf } from "./lib/limit_constants.js";

interface Section {
  readonly title: string;
  readonly files: readonly LimitsFile[];
}

/** In files that are about something else: bounds and timeouts by their names. */
const BOUNDS = /(^|_)(MAX|MIN)(_|$)|_MS(_|$)/;
const bounds = (...paths: string[]): LimitsFile[] => paths.map((path) => ({ path, names: BOUNDS }));

const RAFT = raftNodeOptions();
const RAFT_NAMES = /^(max|keep)[A-Z]/;

const SECTIONS: readonly Section[] = [
  { title: "Between nodes", files: [{ path: "protocol/limits.ts" }] },
  {
    title: "What is agreed on",
    files: bounds(
      "consensus/votes/schemas.ts",
      "consensus/votes/refusal.ts",
      "consensus/control/commands.ts",
      "consensus/control/state.ts",
      "consensus/control/settings.ts",
      "consensus/control/models.ts",
    ),
  },
  {
    title: "The log",
    files: [
      ...bounds("consensus/raft/messages.ts", "consensus/storage/record.ts"),
      { path: "consensus/raft/types.ts", names: RAFT_NAMES, values: { ...RAFT } },
      { path: "consensus/node/options.ts", names: RAFT_NAMES, values: { ...RAFT } },
    ],
  },
  {
    title: "Rounds and members",
    files: bounds(
      "daemon/rounds/driver.ts",
      "daemon/rounds/progress.ts",
      "daemon/rounds/judging.ts",
      "daemon/rounds/leader.ts",
      "daemon/rounds/leader_watch.ts",
      "daemon/rounds/version_votes.ts",
      "daemon/rounds/voter.ts",
      "daemon/rounds/inbox.ts",
      "daemon/rounds/recompute.ts",
      "daemon/rounds/round_blobs.ts",
      "daemon/rounds/versions.ts",
      "daemon/rounds/evaluations.ts",
      "daemon/rounds/losses.ts",
      "daemon/rounds/trainer_port.ts",
      "consensus/committee/health.ts",
      "consensus/committee/plan.ts",
      "consensus/committee/roster.ts",
      "daemon/swarm/follower.ts",
      "daemon/swarm/presence.ts",
      "daemon/swarm/heartbeats.ts",
      "daemon/swarm/lineage_store.ts",
      "daemon/swarm/participation.ts",
      "daemon/swarm/membership.ts",
      "daemon/settings/swarm_settings.ts",
    ),
  },
  {
    title: "Trainer and models",
    files: bounds(
      "training/trainer/supervisor.ts",
      "training/trainer/requests.ts",
      "training/trainer/jobs.ts",
      "training/trainer/lines.ts",
      "training/trainer/generate.ts",
      "training/models/layout.ts",
      "training/versions/safetensors.ts",
      "training/checkpoints/read.ts",
      "daemon/models/intake.ts",
      "daemon/models/replicas.ts",
      "daemon/models/stored_models.ts",
    ),
  },
  {
    title: "Aggregation",
    files: bounds(
      "training/aggregation/aggregation_worker.ts",
      "training/aggregation/updates.ts",
      "training/aggregation/centered_clip.ts",
    ),
  },
  { title: "Store and log", files: bounds("daemon/store/blob_intake.ts", "daemon/log_sink.ts") },
  {
    title: "Nodes started on this host",
    files: bounds(
      "daemon/spawned/bounded_log.ts",
      "daemon/spawned/child.ts",
      "daemon/spawned/record.ts",
      "daemon/spawned/supervisor.ts",
    ),
  },
  { title: "Recovery by force", files: bounds("daemon/recovery/backup.ts", "daemon/recovery/probe.ts") },
  { title: "Datasets", files: [{ path: "training/datasets/limits.ts" }] },
  {
    title: "HTTP API",
    files: [
      { path: "daemon/api/limits.ts" },
      ...bounds("daemon/api/proxy.ts", "daemon/api/tls.ts", "daemon/api/token.ts"),
    ],
  },
  {
    title: "Audit log",
    files: bounds(
      "daemon/audit/chain.ts",
      "daemon/audit/files.ts",
      "daemon/audit/log.ts",
      "daemon/audit/page.ts",
      "daemon/audit/record.ts",
      "daemon/audit/refusals.ts",
      "daemon/audit/verify.ts",
    ),
  },
  {
    title: "Events",
    files: [
      { path: "daemon/events/limits.ts" },
      { path: "daemon/api/ws/limits.ts" },
      { path: "daemon/api/sse_limits.ts" },
    ],
  },
  { title: "Authentication", files: [{ path: "daemon/auth/limits.ts" }] },
];

/** @throws Error when a limit has no comment, or a listed file has no limit */
export function limitsMarkdown(root: string): string {
  const parts = [
    "# Limits",
    "",
    "Every queue, buffer, message and retry has a bound. This page is made from the constants in the code by",
    "`npm run fix:docs`; a test tells when it is out of date. Bounds of settings stand in CONFIGURATION.md, the bounds of",
    "each gossip topic and stream in PROTOCOL.md.",
  ];
  for (const { title, files } of SECTIONS) {
    parts.push(
      "",
      `## ${title}`,
      "",
      "| limit | value | what it bounds, and what happens past it |",
      "|---|---|---|",
    );
    for (const file of files) {
      const limits = limitsOf(readFileSync(join(root, file.path), "utf8"), file);
      if (limits.length === 0) throw new Error(`${file.path} has no limit any more: take it off the list`);
      // Short names mean something only together with the file that they stand in.
      const place = files.length > 1 ? `<br>${file.path}` : "";
      for (const { name, value, about } of limits)
        parts.push(`| \`${name}\`${place} | ${formatted(name, value)} | ${about} |`);
    }
  }
  return `${parts.join("\n")}\n`;
}

function formatted(name: string, value: number): string {
  const unit = name.replace(/_(MAX|MIN|FIRST)$/, "");
  if (/(_BYTES|Bytes)$/.test(unit)) return bytes(value);
  if (/(_MS|Ms)$/.test(unit)) return value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`;
  return value.toLocaleString("en-US");
}

function bytes(value: number): string {
  if (value % 2 ** 20 === 0) return `${value / 2 ** 20} MiB`;
  return value % 1024 === 0 ? `${value / 1024} KiB` : `${value} bytes`;
}
