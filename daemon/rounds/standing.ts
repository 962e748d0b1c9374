/**
 * Tells the round core who leads and votes, who is able to train, and who has given the open round up: each when it
 * has changed, and only then.
 */
import type { RoundCore, RoundEffect, RoundRole } from "../../training/round/index.js";
import type { RoundDeps } from "./deps.js";

type StandingDeps = Pick<RoundDeps, "raft" | "control" | "identity" | "presence" | "trainer" | "now">;

export interface StandingInit extends StandingDeps {
  readonly core: Pick<RoundCore, "open" | "roleChanged" | "ableChanged" | "gaveUpChanged">;
  readonly run: (effects: readonly RoundEffect[]) => void;
}

/** This node's role by Raft and by the committee. */
export function roleOf({
  raft,
  control,
  identity,
}: Pick<RoundDeps, "raft" | "control" | "identity">): RoundRole {
  const { role, term } = raft.status();
  const self = identity.peerId;
  return { self, leader: role === "leader", voter: control.state.committee.voters.includes(self), term };
}

/** Who is alive and able to train in the current session, this node included. */
export function ableOf({ presence, control, trainer, identity }: StandingDeps): Set<string> {
  const session = control.state.session?.id;
  const able = session === undefined ? new Set<string>() : presence.able(session);
  if (trainer?.canTrain && trainer.session === session) able.add(identity.peerId);
  else able.delete(identity.peerId);
  return able;
}

export class Standing {
  private roleKey = "";
  private ableKey = "";
  private gaveUpKey = "";

  constructor(private readonly init: StandingInit) {}

  roleChanged(): void {
    const { core, now, run } = this.init;
    const role = roleOf(this.init);
    const key = `${role.leader}/${role.voter}/${role.term}`;
    if (key === this.roleKey) return;
    this.roleKey = key;
    run(core.roleChanged(role, now()));
  }

  ableChanged(): void {
    const { core, now, run } = this.init;
    const able = ableOf(this.init);
    const key = [...able].sort().join();
    if (key === this.ableKey) return;
    this.ableKey = key;
    run(core.ableChanged(able, now()));
  }

  gaveUpChanged(): void {
    const { core, presence, now, run } = this.init;
    const { open } = core;
    const peers = open === null ? new Set<string>() : presence.gaveUp(open.session, open.round);
    const key = open === null || peers.size === 0 ? "" : `${open.session}/${open.round}/${[...peers].sort()}`;
    if (key === this.gaveUpKey) return;
    this.gaveUpKey = key;
    if (open) run(core.gaveUpChanged(open.session, open.round, peers, now()));
  }
}
