/** One bit flipped in every file that a node keeps, again and again, and what became of it, kind by kind. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Seeded } from "../../consensus/testing/seeded.js";
import { bitsOf, filesOf, type Verdict, withFlip } from "./flips.js";
import { liveInFolder, readFolder } from "./node_folder.js";

/** What a file is, whatever it is called. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.chunks$/, "blob, chunk list"],
  [/\.ref$/, "blob, reference"],
  [/^blobs\//, "blob, data"],
  [/\.ldb$/, "database, table"],
  [/\.log$/, "database, journal"],
  [/MANIFEST/, "database, MANIFEST"],
  [/CURRENT/, "database, CURRENT"],
  [/db\/LOG/, "database, text log"],
];

export interface FlipRow {
  readonly kind: string;
  readonly flips: number;
  /** How often which: `intact`, `refetches versions`, `refuses STORE_CORRUPT`, `WRONG`. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** Of every file and bit that came out wrong. */
  readonly wrong: readonly string[];
}

interface Counted {
  flips: number;
  readonly verdicts: Map<string, number>;
  readonly wrong: string[];
}

/** @param perFile bits of each file; of a smaller one at most all it has. @param folder for its files */
export async function flipEverything(perFile: number, seed: number, folder: string): Promise<FlipRow[]> {
  const random = new Seeded(seed);
  const root = await mkdtemp(join(folder, "ncrsh-flips-"));
  const rows = new Map<string, Counted>();
  try {
    const recent = join(root, "recent");
    const settled = join(root, "settled");
    const facts = await liveInFolder(recent);
    // Opening a database moves its journal into a table: one folder of each.
    await cp(recent, settled, { recursive: true });
    const expected = await readFolder(settled, facts);
    for (const node of [recent, settled]) {
      for (const file of await filesOf(node)) {
        const bits = await bitsOf(join(node, file));
        const kind = kindOf(file);
        const row: Counted = rows.get(kind) ?? { flips: 0, verdicts: new Map(), wrong: [] };
        rows.set(kind, row);
        for (let i = 0; i < Math.min(perFile, bits); i++) {
          const bit = random.int(bits);
          const verdict = await withFlip(node, file, bit, facts, expected);
          row.flips += 1;
          row.verdicts.set(nameOf(verdict), (row.verdicts.get(nameOf(verdict)) ?? 0) + 1);
          if (verdict.kind === "WRONG") row.wrong.push(`seed ${seed}, ${file}, bit ${bit}: ${verdict.why}`);
        }
      }
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return [...rows].map(([kind, row]) => ({ kind, ...row }));
}

function kindOf(file: string): string {
  return KINDS.find(([name]) => name.test(file))?.[1] ?? file;
}

function nameOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "refuses":
      return `refuses ${verdict.code}`;
    case "refetches":
      return `refetches ${verdict.what.join("+")}`;
    default:
      return verdict.kind;
  }
}

export function tableOf(rows: readonly FlipRow[]): string {
  return rows
    .map(({ kind, verdicts }) => {
      const counted = [...verdicts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
      return `  ${kind.padEnd(22)} ${counted.join(", ")}`;
    })
    .join("\n");
}
