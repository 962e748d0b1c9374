/** Draws what is seen: a picture that is redrawn on a terminal, two lines a version elsewhere, JSON when asked. */
import type { NodeSight, Sight } from "./observe.js";

export interface Screen {
  /** Something happened that a reader should know. */
  say(text: string): void;
  draw(sight: Sight): void;
  /** The last picture stays; what follows is plain text. */
  close(): void;
}

export function screenFor(json: boolean, terminal: boolean): Screen {
  if (json) return jsonScreen();
  return terminal ? livePicture() : plainLines();
}

/** After Ctrl-C nothing more is told of a story that is being cut off. */
export function quietAfter(screen: Screen, signal: AbortSignal): Screen {
  return {
    say: (text) => {
      if (!signal.aborted) screen.say(text);
    },
    draw: (sight) => {
      if (!signal.aborted) screen.draw(sight);
    },
    close: () => screen.close(),
  };
}

const out = (text: string) => process.stdout.write(text);
const started = Date.now();
const seconds = () => `${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`;

function jsonScreen(): Screen {
  const line = (event: string, facts: object) =>
    out(`${JSON.stringify({ at: new Date().toISOString(), event, ...facts })}\n`);
  return {
    say: (text) => line("said", { text }),
    draw: (sight) => line("state", { ...sight, leader: sight.leader?.name ?? null }),
    close: () => undefined,
  };
}

function plainLines(): Screen {
  let last = "";
  return {
    say: (text) => out(`${seconds()}  ${text}\n`),
    draw: (sight) => {
      const { training } = sight;
      if (training === null || training.session_id === null) return;
      const key = `${training.progress.height} ${lossesOf(sight)} ${sight.leader?.name}`;
      if (key !== last) out(`${seconds()}  ${plainTextOf(sight).join(`\n${" ".repeat(10)}`)}\n`);
      last = key;
    },
    close: () => undefined,
  };
}

/** What is new of the swarm, and below it what is new of its nodes. */
export function plainTextOf(sight: Sight): string[] {
  const version = `${sight.training?.model_hash?.slice(7, 19) ?? "-"}`;
  return [
    `${placeOf(sight)} ${version}  ${lossesOf(sight)}  leader ${sight.leader?.name ?? "none"}  ${votesOf(sight)}`,
    sight.nodes.map(plainNode).join(" | "),
  ];
}

function plainNode(node: NodeSight): string {
  if (!node.running) return `${node.name} stopped`;
  const facts = [node.name, node.role, node.phase, `loss ${number(node.loss)}`, `v${node.height ?? "-"}`];
  return [...facts, mebibytes(node.bytesSent)].filter((fact) => fact !== "").join(" ");
}

/** A terminal that does not tell its width says 0, or nothing. */
const WIDTH_UNKNOWN = 80;

function livePicture(): Screen {
  let lines = 0;
  const clear = () => {
    if (lines > 0) out(`\x1b[${lines}A\x1b[J`);
    lines = 0;
  };
  let picture = "";
  return {
    say: (text) => {
      clear();
      out(`${seconds()}  ${text}\n`);
      out(picture);
      lines = picture.split("\n").length - 1;
    },
    draw: (sight) => {
      clear();
      picture = `${pictureOf(sight, process.stdout.columns || WIDTH_UNKNOWN).join("\n")}\n`;
      out(picture);
      lines = picture.split("\n").length - 1;
    },
    close: () => {
      lines = 0;
      picture = "";
    },
  };
}

/** The open round, or `done` when none is open; rounds that made no version count. */
function placeOf({ training }: Sight): string {
  const height = training?.progress.height ?? 0;
  return `round ${training?.progress.round ?? "done"}  version ${height}/${training?.progress.rounds ?? "?"}`;
}

function lossesOf({ training }: Sight): string {
  const loss = training?.progress.loss ?? null;
  const validation = training?.validation.last?.loss ?? null;
  return `loss ${number(loss)}  validation ${number(validation)}`;
}

function votesOf({ votes, term }: Sight): string {
  return `votes ${votes.approved} for, ${votes.refused} against  term ${term ?? "-"}`;
}

/** Fits a terminal of 80 columns. */
export function pictureOf(sight: Sight, width: number): string[] {
  const { height, rounds } = sight.training?.progress ?? { height: null, rounds: null };
  const head = [
    "",
    `${bar(rounds === null ? 0 : (height ?? 0) / rounds, 20)}  ${placeOf(sight)}  ${lossesOf(sight)}`,
    votesOf(sight),
    columns(["  node", "role", "phase", "round", "loss", "speed", "sent", "version"]),
  ];
  return [...head, ...sight.nodes.map(rowOf)].map((line) => line.slice(0, width - 1));
}

function rowOf(node: NodeSight): string {
  const mark = node.role === "leader" ? "*" : node.running ? " " : "x";
  return columns([
    `${mark} ${node.name}`,
    node.role,
    node.phase,
    bar(node.progress ?? 0, 8),
    number(node.loss),
    node.samplesPerSecond === null ? "" : `${node.samplesPerSecond.toFixed(0)}/s`,
    mebibytes(node.bytesSent),
    `v${node.height ?? "-"} ${node.version?.slice(7, 17) ?? ""}`,
  ]);
}

const COLUMN_WIDTHS = [10, 9, 10, 8, 6, 6, 9, 14];

function columns(cells: readonly string[]): string {
  return cells
    .map((cell, i) => cell.padEnd(COLUMN_WIDTHS[i] ?? 0))
    .join(" ")
    .trimEnd();
}

function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${"█".repeat(full)}${"░".repeat(width - full)}`;
}

const number = (value: number | null) => (value === null ? "-" : value.toFixed(3));
const mebibytes = (bytes: number | null) => (bytes === null ? "-" : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
