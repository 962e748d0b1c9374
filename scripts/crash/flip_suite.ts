/** One bit flipped in every file that a node keeps, again and again, and what became of it, kind by kind. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Seeded } from "../../consensus/testing/seeded.js";
import { bitsOf, filesOf, flipBit, flipRecord, recordsOf, type Verdict, withDamage } from "./flips.js";
import { liveInFolder, readFolder } from "./node_folder.js";

/** What a file is, whatever it is called. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^partial\//, "download under way"],
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

/** Of a pledge file: its slots lie this far apart, and only their beginnings are used. */
const SLOT_BITS = 4096 * 8;
const SLOT_USED_BITS = 150 * 8;

/**
 * @param each bits of every file, and of every record in the database
 * @param folder for the files
 */
export async function flipEverything(each: number, seed: number, folder: string): Promise<FlipRow[]> {
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
    const damage = async (
      node: string,
      kind: string,
      what: string,
      work: (copy: string) => Promise<void>,
    ) => {
      const verdict = await withDamage(node, what, work, facts, expected);
      const row = rows.get(kind) ?? { flips: 0, verdicts: new Map<string, number>(), wrong: [] };
      rows.set(kind, row);
      row.flips += 1;
      row.verdicts.set(nameOf(verdict), (row.verdicts.get(nameOf(verdict)) ?? 0) + 1);
      if (verdict.kind === "WRONG") row.wrong.push(`seed ${seed}, ${what}: ${verdict.why}`);
    };
    for (const node of [recent, settled]) {
      for (const file of await filesOf(node)) {
        const bits = await bitsOf(join(node, file));
        for (let i = 0; i < Math.min(each, bits); i++) {
          const bit = file.endsWith(".pledge")
            ? random.int(2) * SLOT_BITS + random.int(SLOT_USED_BITS)
            : random.int(bits);
          await damage(node, kindOf(file), `${file}, bit ${bit}`, (copy) => flipBit(join(copy, file), bit));
        }
      }
    }
    const records = join(root, "records");
    await cp(settled, records, { recursive: true });
    for (const [key, bits] of await recordsOf(records)) {
      for (let i = 0; i < Math.min(each, bits); i++) {
        const bit = random.int(bits);
        const kind = `record ${key.replace(/^!(\w+)!/, "$1/").replace(/[/](s1[/])?0\d+$/, "/…")}`;
        await damage(records, kind, `${key}, bit ${bit}`, (copy) => flipRecord(copy, key, bit));
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
      return `  ${kind.padEnd(27)} ${counted.join(", ")}`;
    })
    .join("\n");
}
