/** Draws what is seen: a picture that is redrawn on a terminal, a line now and then elsewhere, JSON when asked. */
import type { Sight } from "./observe.js";

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
      if (training?.session_id === null || training === null) return;
      const line = `version ${training.progress.height ?? 0}/${training.progress.rounds ?? "?"}  ${lossesOf(sight)}  leader ${sight.leader?.name ?? "none"}`;
      if (line !== last) out(`${seconds()}  ${line}\n`);
      last = line;
    },
    close: () => undefined,
  };
}

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
      picture = `${pictureOf(sight).join("\n")}\n`;
      out(picture);
      lines = picture.split("\n").length - 1;
    },
    close: () => {
      lines = 0;
    },
  };
}

function lossesOf({ training }: Sight): string {
  const loss = training?.progress.loss ?? null;
  const validation = training?.validation.last?.loss ?? null;
  return `loss ${number(loss)}  validation ${number(validation)}`;
}

function pictureOf(sight: Sight): string[] {
  const { training } = sight;
  const height = training?.progress.height ?? 0;
  const rounds = training?.progress.rounds ?? 0;
  const head = [
    "",
    `${bar(rounds > 0 ? height / rounds : 0, 40)}  version ${height}/${rounds || "?"}  ${lossesOf(sight)}`,
  ];
  const votes = `votes ${sight.votes.approved} for, ${sight.votes.refused} against  term ${sight.term ?? "-"}`;
  const rows = sight.nodes.map((n) => {
    const mark = n.role === "leader" ? "*" : n.running ? " " : "x";
    const speed = n.samplesPerSecond === null ? "" : `${n.samplesPerSecond.toFixed(0)}/s`;
    return [
      `${mark} ${n.name}`.padEnd(10),
      n.role.padEnd(10),
      n.phase.padEnd(11),
      bar(n.progress ?? 0, 10),
      `loss ${number(n.loss)}`.padEnd(12),
      speed.padStart(7),
      `${mebibytes(n.bytesSent)} sent`.padStart(16),
      `v${n.height ?? "-"}`.padStart(5),
      n.version?.slice(7, 19) ?? "",
    ].join(" ");
  });
  const width = process.stdout.columns ?? 120;
  return [...head, votes, ...rows].map((line) => line.slice(0, width - 1));
}

function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${"█".repeat(full)}${"░".repeat(width - full)}`;
}

const number = (value: number | null) => (value === null ? "-" : value.toFixed(3));
const mebibytes = (bytes: number | null) => (bytes === null ? "-" : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
