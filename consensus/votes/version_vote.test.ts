import assert from "node:assert/strict";
import fc from "fast-check";
import { type RefusalCause, refusal } from "./refusal.js";
import {
  type ApprovalTerms,
  FIRST_STATE,
  isEqual,
  nextVote,
  type VersionVoteInput,
  type VersionVoteState,
  wordFault,
} from "./version_vote.js";

const TIMEOUT_MS = 1000;
const AUTO: ApprovalTerms = { approval: "auto", timeoutMs: TIMEOUT_MS };
const MANUAL: ApprovalTerms = { approval: "manual", timeoutMs: TIMEOUT_MS };
const MATCHED: VersionVoteInput = { kind: "recomputed", result: { kind: "matched" } };
const DIFFERS: VersionVoteInput = { kind: "recomputed", result: { kind: "differs", reason: "another hash" } };
const UNABLE: VersionVoteInput = { kind: "recomputed", result: { kind: "unable", reason: "disk full" } };
const APPROVE: VersionVoteInput = { kind: "operator", word: { vote: "approve", reason: null } };
const REJECT: VersionVoteInput = { kind: "operator", word: { vote: "reject", reason: "no" } };
const TIME: VersionVoteInput = { kind: "time" };
const OVERTAKEN: VersionVoteInput = { kind: "overtaken", reason: "the round is over" };
const RECORDED: VersionVoteInput = { kind: "recorded" };
const INPUTS = [MATCHED, DIFFERS, UNABLE, APPROVE, REJECT, TIME, OVERTAKEN, RECORDED];

interface Step {
  readonly input: VersionVoteInput;
  readonly afterMs: number;
}

/** The states that the machine goes through, the first one included, and what made each. */
function walk(terms: ApprovalTerms, steps: readonly Step[]) {
  let nowMs = 0;
  const states: VersionVoteState[] = [FIRST_STATE];
  const causes: (Step & { nowMs: number })[] = [];
  for (const step of steps) {
    nowMs += step.afterMs;
    const before = states.at(-1) as VersionVoteState;
    const after = nextVote(before, step.input, terms, nowMs);
    if (after === before) continue;
    states.push(after);
    causes.push({ ...step, nowMs });
  }
  return { states, causes };
}

const run = (terms: ApprovalTerms, ...inputs: VersionVoteInput[]) =>
  walk(
    terms,
    inputs.map((input) => ({ input, afterMs: 0 })),
  ).states.map((s) => s.kind);

const causeOf = (state: VersionVoteState | undefined): RefusalCause | null =>
  state?.kind === "refused" ? state.refusal.cause : null;

describe("consensus/votes: a vote on a version", () => {
  it("goes by itself from the recomputation to the signature", () => {
    assert.deepEqual(run(AUTO, MATCHED, RECORDED), ["recomputing", "recording", "signed"]);
  });

  it("by hand waits for the operator in between", () => {
    assert.deepEqual(run(MANUAL, MATCHED, TIME, RECORDED), ["recomputing", "awaiting"]);
    assert.deepEqual(run(MANUAL, MATCHED, APPROVE, RECORDED), [
      "recomputing",
      "awaiting",
      "recording",
      "signed",
    ]);
  });

  it("is refused for what it is, for what this node is, or by the operator", () => {
    const last = (terms: ApprovalTerms, ...steps: Step[]) => walk(terms, steps).states.at(-1);
    const at = (input: VersionVoteInput, afterMs = 0) => ({ input, afterMs });
    assert.equal(causeOf(last(MANUAL, at(DIFFERS))), "proposal");
    assert.equal(causeOf(last(AUTO, at(UNABLE))), "voter");
    assert.equal(causeOf(last(AUTO, at(MATCHED), at(OVERTAKEN))), "voter");
    assert.equal(causeOf(last(MANUAL, at(MATCHED), at(REJECT))), "operator");
    assert.equal(last(MANUAL, at(MATCHED), at(TIME, TIMEOUT_MS - 1))?.kind, "awaiting");
    assert.equal(causeOf(last(MANUAL, at(MATCHED), at(TIME, TIMEOUT_MS))), "operator");
  });

  it("says why a word cannot be taken", () => {
    const fault = (vote: "approve" | "reject", state: VersionVoteState) =>
      wordFault(state, { vote, reason: null })?.kind ?? null;
    const refused = (matched: boolean, cause: RefusalCause): VersionVoteState => {
      return { kind: "refused", matched, refusal: refusal(cause, "so") };
    };
    assert.equal(fault("approve", FIRST_STATE), "early");
    assert.equal(fault("approve", { kind: "awaiting", sinceMs: 0, untilMs: 1 }), null);
    assert.equal(fault("approve", { kind: "signed" }), null);
    assert.equal(fault("reject", { kind: "signed" }), "over");
    assert.equal(fault("approve", refused(false, "proposal")), "differs");
    assert.equal(fault("approve", refused(true, "operator")), "over");
    assert.equal(fault("reject", refused(true, "operator")), null);
  });

  const steps = fc.array(
    fc.record({ input: fc.constantFrom(...INPUTS), afterMs: fc.integer({ min: 0, max: TIMEOUT_MS }) }),
    { maxLength: 30 },
  );
  const terms = fc.constantFrom(AUTO, MANUAL);

  it("signs only what was recomputed to the same, approved where that is asked for, and recorded", () => {
    fc.assert(
      fc.property(terms, steps, (of, script) => {
        const { states, causes } = walk(of, script);
        if (states.at(-1)?.kind !== "signed") return;
        const inputs = causes.map((c) => c.input);
        const wanted = of.approval === "auto" ? [MATCHED, RECORDED] : [MATCHED, APPROVE, RECORDED];
        assert.deepEqual(inputs, wanted);
      }),
    );
  });

  it("never leaves the end, never turns a different result into an equal one, and never approves too late", () => {
    fc.assert(
      fc.property(terms, steps, (of, script) => {
        const { states, causes } = walk(of, script);
        const end = states.findIndex((s) => s.kind === "signed" || s.kind === "refused");
        assert.ok(end === -1 || end === states.length - 1, "nothing follows the end");
        const first = script.find(
          (s) => s.input.kind === "recomputed" || s.input.kind === "overtaken",
        )?.input;
        const last = states.at(-1) as VersionVoteState;
        if (first === DIFFERS) assert.equal(isEqual(last), false);
        if (first === UNABLE) assert.equal(isEqual(last), null);
        for (const [i, state] of states.entries()) {
          if (state.kind !== "awaiting") continue;
          assert.equal(of.approval, "manual");
          assert.equal(state.untilMs - state.sinceMs, TIMEOUT_MS);
          const next = causes[i];
          if (next?.input.kind === "time") assert.ok(next.nowMs >= state.untilMs);
        }
      }),
    );
  });
});
