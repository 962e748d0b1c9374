/**
 * The control state machine: (state, committed entry) → (state, outcome). Pure and total: whatever stands in the log,
 * every node does the same with it; a command that does not fit is refused for the same reason everywhere.
 */
import type { Verify } from "../../protocol/types.js";
import type { Command } from "./commands.js";
import { changeCommittee, notePlan } from "./committee.js";
import { joinMember, readmitMember, removeMember } from "./members.js";
import { addModel, deleteModel } from "./models.js";
import { type Applied, done, type EntryMeta } from "./outcome.js";
import { pauseSession, resumeSession } from "./pause.js";
import { commitRound, failRound } from "./rounds.js";
import { createSession, endSession } from "./sessions.js";
import { deleteSetting, setSetting } from "./settings.js";
import type { ControlState } from "./state.js";

export function applyCommand(
  before: ControlState,
  command: Command,
  meta: EntryMeta,
  verify: Verify,
): Applied {
  const state = { ...before, index: meta.index };
  switch (command.type) {
    case "member.join":
      return done(joinMember(state, command, meta));
    case "member.remove":
      return removeMember(state, command, meta);
    case "member.readmit":
      return readmitMember(state, command, meta);
    case "committee.change":
      return changeCommittee(state, command, meta, verify);
    case "committee.plan":
      return done(notePlan(state, command, meta));
    case "session.create":
      return createSession(state, command, meta);
    case "session.stop":
      return endSession(state, { ...command, status: "stopped", evaluation: null }, meta);
    case "session.pause":
      return pauseSession(state, command, meta);
    case "session.resume":
      return resumeSession(state, command, meta);
    case "session.finish":
      return endSession(state, { ...command, status: command.outcome }, meta);
    case "round.commit":
      return commitRound(state, command, meta, verify);
    case "round.fail":
      return failRound(state, command, meta);
    case "settings.set":
      return setSetting(state, command, meta);
    case "settings.delete":
      return deleteSetting(state, command, meta);
    case "model.add":
      return addModel(state, command);
    case "model.delete":
      return deleteModel(state, command);
  }
}
