/**
 * No two versions at one height of a session, on any two nodes, ever: a version is committed by one log entry, the log
 * is one, and an entry whose base is not the current version is refused. A fork of the model would show here even if
 * every node by itself saw an unbroken chain.
 */
import { decisionDigest } from "../../../consensus/votes/index.js";
import type { AppliedFact, Observer } from "./observer.js";

export class OneVersionPerHeight implements Observer {
  readonly name = "no two versions at one height";
  private readonly decisions = new Map<string, string>();

  applied(node: string, { outcome }: AppliedFact): void {
    if (outcome.kind !== "applied" || outcome.version === null) return;
    const { decision } = outcome.version;
    const place = `${decision.session}/${decision.height}`;
    const digest = decisionDigest(decision);
    const known = this.decisions.get(place);
    if (known !== undefined && known !== digest) {
      throw new Error(`${node} has version ${decision.result.hash} at ${place}, another node another one`);
    }
    this.decisions.set(place, digest);
  }
}
