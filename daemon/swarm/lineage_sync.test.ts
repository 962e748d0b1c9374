import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { emptyControlState } from "../../consensus/control/index.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import type { Certificate, Committee as CommitteeState } from "../../consensus/types.js";
import {
  committeeAfter,
  decisionDigest,
  encodeCertificate,
  encodeCommitteeCertificate,
} from "../../consensus/votes/index.js";
import { sessionFixture } from "../services/testing/snapshot.js";
import { openStore, type Store } from "../store/index.js";
import { LINEAGE_PAGE_MAX, LineageStore } from "./lineage_store.js";
import { LineageSync } from "./lineage_sync.js";
import { committeesMethod, lineageMethod } from "./methods.js";

const committee = new Committee(3);
const chain = committee.chain(200);
const head = chain.at(-1) as Certificate;
const founders: CommitteeState = { seq: 0, voters: committee.names, digest: null };
const first = committee.handOver(founders, committee.names.slice(0, 2));
const second = committee.handOver(committeeAfter(first), committee.names);

let folder = "";
const opened: Store[] = [];

async function emptyStore(): Promise<LineageStore> {
  return openIn(join(folder, String(opened.length)));
}

async function openIn(dataDir: string): Promise<LineageStore> {
  const store = await openStore(dataDir, {
    logger: { info: () => undefined, warn: () => undefined },
    createIdentity: () => new Uint8Array(68),
  });
  opened.push(store);
  return new LineageStore(store.lineage);
}

async function storeOf(certificates: readonly Certificate[]): Promise<LineageStore> {
  const store = await emptyStore();
  for (const certificate of certificates) await store.put(certificate);
  for (const handover of [first, second]) await store.putCommittee(handover);
  return store;
}

/** One bit of each of these records, in the database of a node that is down. */
async function flipIn(path: string, part: string, keys: readonly string[]): Promise<void> {
  const db = new Level<string, Uint8Array>(path, { valueEncoding: "view" });
  const level = db.sublevel<string, Uint8Array>(part, { keyEncoding: "utf8", valueEncoding: "view" });
  for (const key of keys) {
    const record = Uint8Array.from((await level.get(key)) ?? []);
    record[record.length - 1] = (record.at(-1) ?? 0) ^ 1;
    await level.put(key, record);
  }
  await db.close();
}

interface Peer {
  readonly store: LineageStore;
  /** What it makes of its answers: a liar changes them. */
  readonly bend?: (certificates: Uint8Array[], method: string) => Uint8Array[];
}

function world(peers: Record<string, Peer>, lineage: LineageStore) {
  const asked: string[] = [];
  const control = {
    state: {
      ...emptyControlState("test", committee.formation, committee.names),
      committee: committeeAfter(second),
      session: sessionFixture({
        id: "s1",
        height: head.decision.height,
        version: head.decision.result,
        parent: decisionDigest(head.decision),
      }),
    },
  };
  const sync = new LineageSync({
    control,
    lineage,
    founders: committee.names,
    verify: committee.verify,
    logger: { debug: () => undefined },
    peers: () => Object.keys(peers),
    rpc: {
      call: async (peer, method, request) => {
        const { store, bend } = peers[peer] as Peer;
        asked.push(method.name);
        const certificates =
          method.name === lineageMethod.name
            ? await store.pageDown("s1", lineageMethod.request.parse(request).to)
            : await store.committees(committeesMethod.request.parse(request).from);
        return method.response.parse({
          v: 1,
          certificates: bend?.(certificates, method.name) ?? certificates,
        });
      },
    },
  });
  const gap = () => lineage.highestGap("s1", 0, head.decision.height + 1);
  return { sync, asked, control, gap };
}

describe("daemon/swarm: fetching the lineage", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "lineage-sync-"));
  });
  after(async () => {
    for (const store of opened) await store.close();
    await rm(folder, { recursive: true });
  });

  it("fetches again what is damaged on its own disk", async () => {
    const dataDir = join(folder, "damaged");
    const before = await openIn(dataDir);
    for (const certificate of chain) await before.put(certificate);
    for (const handover of [first, second]) await before.putCommittee(handover);
    await (opened.pop() as Store).close();
    await flipIn(join(dataDir, "db"), "lineage", ["s1/000000000007", "s1/000000000150", "s1/000000000199"]);
    await flipIn(join(dataDir, "db"), "committees", ["000000000001"]);
    const lineage = await openIn(dataDir);
    assert.deepEqual([await lineage.get("s1", 7), await lineage.committee(1)], [null, null]);
    assert.equal((await lineage.pageDown("s1", 10)).length, 3, "it hands on what is whole above it");
    assert.deepEqual(await lineage.committees(1), []);
    const { sync, gap } = world({ a: { store: await storeOf(chain) } }, lineage);
    assert.equal(await gap(), 199);
    assert.equal(await sync.poll(), true);
    assert.equal(await gap(), null);
    assert.deepEqual(await lineage.get("s1", 7), chain[7]);
    assert.deepEqual(await lineage.committee(1), first);
  });

  it("fetches everything below the head, page by page, and the committees", async () => {
    const lineage = await emptyStore();
    const { sync, gap, asked } = world({ a: { store: await storeOf(chain) } }, lineage);
    assert.equal(await sync.poll(), true);
    assert.equal(await gap(), null);
    assert.deepEqual(await lineage.get("s1", 0), chain[0]);
    assert.deepEqual([await lineage.committee(1), await lineage.committee(2)], [first, second]);
    const pages = asked.filter((name) => name === "lineage").length;
    assert.equal(pages, Math.ceil(chain.length / LINEAGE_PAGE_MAX));
    assert.equal(await sync.poll(), true);
    assert.equal(asked.length, pages + 1, "what is whole is not asked for again");
  });

  it("fills a hole that a snapshot left, keeps what it applied itself, and looks again after the next", async () => {
    const lineage = await storeOf([...chain.slice(0, 50), ...chain.slice(120, 150)]);
    const own = { ...(chain[140] as Certificate), votes: (chain[140] as Certificate).votes.slice(0, 2) };
    await lineage.put(own);
    const { sync, gap } = world({ a: { store: await storeOf(chain) } }, lineage);
    assert.equal(await sync.poll(), true);
    assert.equal(await gap(), null);
    assert.deepEqual(await lineage.get("s1", 140), own);
  });

  it("takes nothing from a peer that makes history up, and the truth from the next", async () => {
    const others = new Committee(3);
    const made = await storeOf(others.chain(chain.length));
    const usurped = others.handOver(founders, committee.names.slice(0, 2));
    const lies: Peer[] = [
      { store: made },
      { store: await storeOf(chain), bend: (page) => [...page].reverse() },
      { store: await storeOf(chain), bend: (page) => page.slice(1) },
      {
        store: await storeOf(chain),
        bend: (page, method) =>
          method === "committees" ? [encodeCommitteeCertificate(usurped), ...page.slice(1)] : page,
      },
      {
        store: await storeOf(chain),
        bend: (page, method) =>
          method === "lineage"
            ? page.map(() => encodeCertificate({ ...head, votes: head.votes.slice(0, 1) }))
            : page,
      },
    ];
    for (const liar of lies) {
      const lineage = await emptyStore();
      const { sync, gap } = world({ liar, honest: { store: await storeOf(chain) } }, lineage);
      for (let turn = 0; turn < 20 && !(await sync.poll()); turn++);
      assert.equal(await gap(), null);
      for (const height of [0, 77, 199]) assert.deepEqual(await lineage.get("s1", height), chain[height]);
      assert.deepEqual(await lineage.committee(1), first);
    }
  });

  it("stores nothing at all when everybody lies, and says that it is not whole", async () => {
    const lineage = await emptyStore();
    const made = await storeOf(new Committee(3).chain(chain.length));
    const { sync, gap } = world({ a: { store: made }, b: { store: made } }, lineage);
    for (let turn = 0; turn < 6; turn++) assert.equal(await sync.poll(), false);
    assert.equal(await gap(), head.decision.height);
  });

  it("fills the sessions of the past as well", async () => {
    const lineage = await emptyStore();
    const { sync, gap, control } = world({ a: { store: await storeOf(chain) } }, lineage);
    control.state = {
      ...control.state,
      past: [control.state.session],
      session: sessionFixture({ id: "now", version: null, parent: testHash("none") }),
    };
    assert.equal(await sync.poll(), true);
    assert.equal(await gap(), null);
  });
});
