/** Whether a gossiped version announcement is true, as far as this node's own log can tell. */

import type { ControlState } from "../../consensus/control/index.js";
import { certificateFault, decodeCertificate } from "../../consensus/votes/index.js";
import type { Verify } from "../../protocol/types.js";

export type Verdict = "accept" | "ignore" | "reject";

/**
 * What is wrong by itself, whoever looks at it, is rejected, which costs its sender score. What only this node's own log
 * speaks against, or cannot judge yet, is not passed on and costs nobody anything: another node may be further. Passed
 * on is the current version, and the one that follows it if this node's committee signed it.
 */
export function versionCheck(control: { readonly state: ControlState }, verify: Verify) {
  return (message: { readonly certificate: Uint8Array }): Verdict => {
    let certificate: ReturnType<typeof decodeCertificate>;
    try {
      certificate = decodeCertificate(message.certificate);
    } catch {
      return "reject";
    }
    const { swarm, formation, session, committee } = control.state;
    const { decision } = certificate;
    if (decision.swarm !== swarm || decision.formation !== formation) return "reject";
    if (certificateFault(certificate, verify) !== null) return "reject";
    if (decision.session !== session?.id || session.version === null) return "ignore";
    if (decision.height === session.height) {
      return decision.result.hash === session.version.hash ? "accept" : "ignore";
    }
    const follows =
      decision.height === session.height + 1 &&
      decision.base === session.version.hash &&
      decision.parent === session.parent &&
      decision.voters.join() === committee.voters.join();
    return follows ? "accept" : "ignore";
  };
}
