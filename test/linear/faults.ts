/** What the nemesis does to a swarm: each fault begins, lasts, and is over when `end` has resolved. */
import type { Seeded } from "../../consensus/testing/seeded.js";
import type { LocalNode, LocalSwarm } from "../../scripts/lib/local_swarm.js";

/** What a fault is done with. */
export interface Grounds {
  readonly local: LocalSwarm;
  /** Null where this machine cannot cut networks. */
  readonly network: {
    cut(here: readonly LocalNode[], there: readonly LocalNode[]): void;
    deafen(listeners: readonly LocalNode[], speakers: readonly LocalNode[]): void;
    heal(): void;
  } | null;
}

export type FaultKind = "kill" | "pause" | "cut";

export interface Fault {
  readonly kind: FaultKind;
  /** For the history. */
  readonly what: string;
  end(): void;
}

interface Recipe {
  readonly needsNetwork: boolean;
  /** @param nodes the leader first, if there is one; the others in an order of chance */
  begin(grounds: Grounds, nodes: readonly LocalNode[], random: Seeded): Promise<Fault>;
}

const names = (nodes: readonly LocalNode[]): string => nodes.map((node) => node.name).join("");

async function kill({ local }: Grounds, victims: readonly LocalNode[]): Promise<Fault> {
  await Promise.all(victims.map((node) => local.kill(node)));
  const end = () => {
    for (const node of victims) local.start(node);
  };
  return { kind: "kill", what: `kill -9 ${names(victims)}`, end };
}

function pause(victims: readonly LocalNode[]): Fault {
  // A node leads a process group of its own, with its trainer.
  const groups = victims.flatMap(({ process }) => (process?.pid === undefined ? [] : [process.pid]));
  for (const pid of groups) process.kill(-pid, "SIGSTOP");
  const end = () => {
    for (const pid of groups) process.kill(-pid, "SIGCONT");
  };
  return { kind: "pause", what: `pause ${names(victims)}`, end };
}

function cut({ network }: Grounds, here: readonly LocalNode[], there: readonly LocalNode[]): Fault {
  network?.cut(here, there);
  return { kind: "cut", what: `cut ${names(here)} | ${names(there)}`, end: () => network?.heal() };
}

function deafen({ network }: Grounds, to: readonly LocalNode[], from: readonly LocalNode[]): Fault {
  network?.deafen(to, from);
  return { kind: "cut", what: `${names(to)} cannot hear ${names(from)}`, end: () => network?.heal() };
}

const here = (begin: Recipe["begin"]): Recipe => ({ needsNetwork: false, begin });
const cuts = (begin: Recipe["begin"]): Recipe => ({ needsNetwork: true, begin });

export const RECIPES: readonly Recipe[] = [
  here(async (grounds, nodes) => kill(grounds, nodes.slice(0, 1))),
  here(async (grounds, nodes, random) => kill(grounds, [random.pick(nodes) as LocalNode])),
  // Of five, also three: the swarm stands still, and must know everything afterwards.
  here(async (grounds, nodes, random) => kill(grounds, nodes.slice(1, 3 + random.int(2)))),
  here(async (_grounds, nodes) => pause(nodes.slice(0, 1))),
  here(async (_grounds, nodes, random) => pause(nodes.slice(random.int(2), 2))),
  cuts(async (grounds, nodes) => cut(grounds, nodes.slice(0, 3), nodes.slice(3))),
  cuts(async (grounds, nodes) => cut(grounds, nodes.slice(0, 2), nodes.slice(2))),
  cuts(async (grounds, nodes) => cut(grounds, nodes.slice(0, 1), nodes.slice(1))),
  // A bridge: the third is heard by both sides.
  cuts(async (grounds, nodes) => cut(grounds, nodes.slice(0, 2), nodes.slice(3))),
  cuts(async (grounds, nodes) => deafen(grounds, nodes.slice(1), nodes.slice(0, 1))),
  cuts(async (grounds, nodes) => deafen(grounds, nodes.slice(0, 1), nodes.slice(1))),
  // A node of the majority dies while the leader is cut off with another: no side can decide until one is over.
  cuts(async (grounds, nodes) => {
    const network = cut(grounds, nodes.slice(0, 2), nodes.slice(2));
    const process = await kill(grounds, nodes.slice(4));
    const end = () => {
      network.end();
      process.end();
    };
    return { kind: "cut", what: `${network.what}, ${process.what}`, end };
  }),
];
