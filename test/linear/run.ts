/** One swarm, its clients and its nemesis, from the formation to the last reads. */
import { Seeded } from "../../consensus/testing/seeded.js";
import { eventually } from "../../scripts/lib/node_client.js";
import type { FaultKind } from "./faults.js";
import type { HistoryFile } from "./history.js";
import { Nemesis } from "./nemesis.js";
import type { Options } from "./options.js";
import { tallied } from "./report.js";
import { SettingsClient } from "./settings_client.js";
import { openStage, type Stage } from "./stage.js";
import { type Tally, WorkloadClient } from "./workload.js";

const FORMED_MS = 120_000;
const HEALED_MS = 120_000;
const AGAIN_MS = 500;
/** Shorter than the nodes' own patience, so that some calls are given up while they are under way. */
const CALL_MS = 4000;
const KEYS = Array.from({ length: 5 }, (_, i) => `user.linear.${i}`);

export interface Ran {
  readonly tally: Tally;
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** Why the nodes do not answer the same in the end; null: they do. */
  readonly disagreement: string | null;
  /** Nodes that were not there any more, though nobody had killed them. */
  readonly ended: readonly string[];
  /** The first answer that broke the API's promises. */
  readonly broken: string | null;
}

export async function runSwarm(options: Options, history: HistoryFile): Promise<Ran> {
  const stage = await openStage(options["node-flag"]);
  try {
    await stage.local.formed(FORMED_MS);
    const cuts = stage.network === null ? "kills and pauses" : "kills, pauses and partitions";
    console.log(`${options.seconds} s, ${options.clients} clients, seed ${options.seed}: ${cuts}`);
    return await runClients(stage, options, history);
  } finally {
    await stage.stop();
  }
}

async function runClients(stage: Stage, options: Options, history: HistoryFile): Promise<Ran> {
  const { seconds, seed, clients: count, "local-reads": local } = options;
  const random = new Seeded(seed);
  const settings: SettingsClient[] = [];
  const client = (number: number, consistency: "local" | "linearizable"): WorkloadClient => {
    const doors = stage.local.nodes.map(({ name, api }) => {
      const one = new SettingsClient(api.url, CALL_MS, consistency);
      settings.push(one);
      return { name, run: one.run.bind(one) };
    });
    const own = new Seeded(random.int(2 ** 32));
    return new WorkloadClient(number, count + 1, own, KEYS, doors, history);
  };
  const nemesis = new Nemesis(stage, new Seeded(random.int(2 ** 32)), (what) => history.fault(what));
  const clients = Array.from({ length: count }, (_, n) => client(n, local ? "local" : "linearizable"));
  const reader = client(count, "linearizable");
  const over = AbortSignal.timeout(seconds * 1000);
  await Promise.all([nemesis.run(over), ...clients.map((one) => one.run(over))]);
  const ended = [...nemesis.ended];
  for (const node of ended) console.log(`--- ${node.name}\n${stage.local.logTail(node)}`);
  const disagreement = await disagreementSeenBy(reader);
  for (const one of settings) one.close();
  return {
    tally: tallied([...clients, reader].map(({ tally }) => tally)),
    faults: nemesis.counts,
    disagreement,
    ended: ended.map(({ name }) => name),
    broken: settings.find(({ broken }) => broken !== null)?.broken ?? null,
  };
}

/** Reads everything of every node until they agree: a write whose client has given up may come late. */
async function disagreementSeenBy(reader: WorkloadClient): Promise<string | null> {
  let last = "";
  const agree = async (): Promise<true | null> => {
    const outcomes = (await reader.readAll()).map((outcome) => JSON.stringify(outcome));
    const other = outcomes.find((text, i) => !text.includes('"ok"') || text !== outcomes[i % KEYS.length]);
    last = other ?? "";
    return other === undefined ? true : null;
  };
  return eventually("all nodes answer the same", agree, HEALED_MS, AGAIN_MS).then(
    () => null,
    (error: Error) => `${error.message}: ${last}`,
  );
}
