/** A session's status in words: one line for overviews, a block for `train status`. */
import type { SessionListView } from "../services/views/sessions.js";
import type { EvaluationView, TrainingStatusView } from "../services/views/training.js";
import { ago, fixed, nodeLabel, percent, shortHash } from "./format.js";
import { facts, table } from "./table.js";

/** `training_1 running: version 7 of 50, epoch 1.30 of 3, loss 2.346, validation 4.400 → 2.500, 150 samples/s` */
export function trainingLine(view: TrainingStatusView): string {
  if (view.session_id === null) return "nothing has been trained yet";
  const ended = view.reason === null ? "" : ` (${view.reason})`;
  return `${view.session_id} ${view.status}${ended}: ${progressText(view)}`;
}

export function progressText({ progress: p, validation, samples_per_second }: TrainingStatusView): string {
  const of = (total: number | null) => (total === null ? "" : ` of ${total}`);
  const parts = [
    p.height === null ? "no version yet" : `version ${p.height}${of(p.rounds)}`,
    p.epochs_done === null ? null : `epoch ${fixed(p.epochs_done, 2)}${of(p.total_epochs)}`,
    p.loss === null ? null : `loss ${fixed(p.loss, 3)}`,
    validationText(validation),
    samples_per_second === null ? null : `${fixed(samples_per_second, 0)} samples/s`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

export function renderTraining(view: TrainingStatusView): string {
  if (view.session_id === null) return trainingLine(view);
  const head = facts([
    ["session", view.session_id],
    ["status", view.reason === null ? view.status : `${view.status}: ${view.reason}`],
    ["waits", view.queue_position === null ? null : `in place ${view.queue_position}`],
    ["dataset", view.dataset],
    ["model", view.model?.type],
    ["strategy", view.strategy],
    ["progress", progressText(view)],
    [
      "round",
      view.progress.round === null
        ? null
        : `${view.progress.round}, opened ${ago(view.round_opened_at) ?? "-"}`,
    ],
    ["version", shortHash(view.model_hash)],
    ["started", ago(view.created_at)],
    ["ended", ago(view.ended_at)],
    ...view.warnings.map((warning) => ["warning", warning] as const),
  ]);
  const rows = view.nodes.map((n) => [
    nodeLabel(n.id, n.name),
    n.status,
    percent(n.batch_progress),
    fixed(n.loss, 3),
    fixed(n.samples_per_second, 1),
    n.reason ?? "",
  ]);
  if (rows.length === 0) return head;
  return `${head}\n\n${table(["node", "status", "round", "loss", "samples/s", "reason"], rows)}`;
}

export function renderSessions({ sessions, total, next_cursor }: SessionListView): string {
  if (sessions.length === 0) return "no sessions";
  const header = ["session", "status", "dataset", "model", "version", "loss", "created", "ended", "reason"];
  const rows = sessions.map((s) => [
    s.session_id,
    s.queue_position === null ? s.status : `${s.status} (${s.queue_position})`,
    s.dataset,
    s.model_type,
    s.height === null ? null : `${s.height} of ${s.rounds}`,
    fixed(s.loss, 3),
    ago(s.created_at),
    ago(s.ended_at),
    s.reason ?? "",
  ]);
  const more = next_cursor === null ? "" : `\n${total} in all; further ones with --cursor ${next_cursor}`;
  return `${table(header, rows)}${more}`;
}

function validationText({ first, last }: TrainingStatusView["validation"]): string | null {
  if (last === null) return null;
  const figure = ({ loss, accuracy }: EvaluationView) =>
    accuracy === null ? (fixed(loss, 3) ?? "-") : `${fixed(loss, 3) ?? "-"} (${percent(accuracy)} right)`;
  const from = first === null || first.height === last.height ? "" : `${figure(first)} → `;
  return `validation ${from}${figure(last)}`;
}
