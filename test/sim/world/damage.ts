/** Damages a disk that is not in use, in ways that the node must notice when it starts. */
import { type Pledge, pledgeSchema } from "../../../consensus/storage/pledge.js";
import { decodeRecord } from "../../../consensus/storage/record.js";
import type { Seeded } from "../../../consensus/testing/seeded.js";
import type { SimDisk } from "../disk/sim_disk.js";

const PLEDGE_SHARE = 0.15;

/**
 * A bit flips in a record of Raft, or in both slots of the pledge's file.
 * @returns what the refusal to start must name; null when nothing could be damaged
 */
export function flipBit(disk: SimDisk<Pledge>, random: Seeded): string | null {
  const slots = ([0, 1] as const).filter((i) => disk.pledges[i] !== "never written");
  if (slots.length < 2 || !random.chance(PLEDGE_SHARE)) return disk.flipBit("raft", random);
  for (const i of slots) disk.pledges[i] = null;
  return "raft.pledge";
}

/**
 * The last synced records are gone without an error.
 * @returns what the refusal to start must say; null when the node may go on, since no pledge has followed what is gone
 */
export function loseSynced(disk: SimDisk<Pledge>): string | null {
  if (!disk.loseSynced("raft")) return null;
  const written = disk.pledges.filter((slot) => slot !== "never written" && slot !== null);
  const promised = Math.max(-1, ...written.map(({ seq }) => seq));
  const record = disk.part("raft").get("pledge");
  const found = record === undefined ? -1 : decodeRecord(pledgeSchema, "pledge", record).seq;
  return promised > found ? "the database has lost what this node had written" : null;
}
