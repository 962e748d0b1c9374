import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { emptyControlState, type HistoryEntry } from "../../consensus/control/index.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import type { AnnouncedUpdate, RoundContext } from "../../training/round/index.js";
import { specOf } from "../../training/strategies/testing/spec.js";
import { createLogger } from "../logger.js";
import { Contributor, type ContributorInit, lastCountedRound } from "./contributor.js";
import { UpdateInbox } from "./inbox.js";
import { sessionOf } from "./testing/session.js";

const hash = testHash("x");
const context: RoundContext = {
  session: "s",
  round: 3,
  height: 1,
  base: hash,
  cursor: { next: 0, holes: [] },
  participants: [],
  lanes: new Map(),
  contribution: "pseudo_gradient",
  codec: "int8",
  targetSteps: 4,
  shareSteps: 4,
  batchSize: 1,
  payloadBytes: 7,
  timeoutMs: 1000,
};

const idle = {
  phase: "idle" as const,
  backend: "wasm",
  restarts: 0,
  samplesPerSecond: 0,
  rssBytes: 0,
  lastFault: null,
};

describe("daemon/rounds: contributor", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "contributor-"));
    path = join(folder, "s-3.payload");
    await writeFile(path, "payload");
  });
  afterEach(() => rm(folder, { recursive: true }));

  function contributor(
    putFile: () => Promise<AnnouncedUpdate["payload"]>,
    change: Partial<ContributorInit> = {},
  ) {
    const committee = new Committee(1);
    const [self = ""] = committee.names;
    const trained: AnnouncedUpdate[] = [];
    const lost: number[] = [];
    const subject = new Contributor({
      identity: { peerId: self, sign: (message) => committee.sign(self, message) },
      verify: committee.verify,
      logger: createLogger({ level: "silent", format: "json" }),
      inlineUpdateMaxBytes: 0,
      control: { state: emptyControlState("test", hash) },
      trainer: null,
      blobs: { tempDir: folder, putFile, read: () => Promise.reject(new Error("not asked")) },
      gossip: { publish: () => Promise.reject(new Error("not asked")) },
      versions: { ensure: () => Promise.reject(new Error("not asked")) },
      inbox: new UpdateInbox(),
      roundBlobs: { keep: () => undefined },
      open: () => context,
      spec: () => null,
      settled: () => Promise.resolve(),
      trained: (update) => trained.push(update),
      lost: (_session, round) => lost.push(round),
      ...change,
    });
    const finish = (round: number) =>
      subject.finished({
        kind: "update",
        session: "s",
        round,
        base: hash,
        steps: 4,
        samples: 4,
        lossNats: 1,
        path,
        bytes: 7,
        computeMs: 1,
      });
    return { subject, finish, trained, lost };
  }

  it("leaves no file behind when the store does not take it, or when it is too late", async () => {
    const full = contributor(() => Promise.reject(new Error("the disk is full")));
    await full.finish(3);
    assert.deepEqual([existsSync(path), full.lost, full.trained.length], [false, [3], 0]);
    await writeFile(path, "payload");
    const late = contributor(() => Promise.reject(new Error("not asked")));
    await late.finish(2);
    assert.deepEqual([existsSync(path), late.lost, late.trained.length], [false, [], 0]);
  });

  it("says that a new trainer process begins without moments, once, and not in the first round", async () => {
    const base = { hash, bytes: 1, chunkRoot: hash };
    const lines: string[] = [];
    let pid = 1;
    let open = context;
    const orders: number[] = [];
    const { subject } = contributor(() => Promise.reject(new Error("not asked")), {
      logger: createLogger({ level: "warn", format: "json" }, { stdout: collecting(lines) }),
      trainer: {
        get state() {
          return { ...idle, pid };
        },
        train: ({ scheduleStep }) => orders.push(scheduleStep),
      },
      control: { state: { session: sessionOf(base), history: [] } },
      versions: { ensure: () => Promise.resolve("/version") },
      spec: () => specOf({ innerSteps: 4 }),
      open: () => open,
    });
    for (const [height, process] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
    ] as const) {
      pid = process;
      open = { ...context, height };
      await subject.train(open, [[0, 4]]);
    }
    assert.deepEqual(orders, [0, 4, 8, 12]);
    assert.equal(lines.length, 1);
    assert.match(String(lines[0]), /"height":3.*without inner moments/);
  });

  it("knows from the log which of its rounds was counted last", () => {
    const entry = (round: number, change: Partial<HistoryEntry> = {}): HistoryEntry => ({
      index: round,
      term: 1,
      atMs: 0,
      type: "version",
      session: "s",
      round,
      height: round,
      version: hash,
      contributors: ["a", "b"],
      rejected: [],
      signers: [],
      reason: null,
      ...change,
    });
    const history = [
      entry(1),
      entry(2),
      entry(3, { contributors: ["b"], rejected: [{ peer: "a", reason: "x" }] }),
      entry(4, { type: "round_failed", contributors: [] }),
    ];
    assert.equal(lastCountedRound({ history }, "s", "a"), 2);
    assert.equal(lastCountedRound({ history }, "s", "b"), 3);
    assert.equal(lastCountedRound({ history }, "s", "c"), null);
    assert.equal(lastCountedRound({ history }, "t", "a"), null);
  });
});

function collecting(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
}
