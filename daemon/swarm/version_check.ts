/** Whether a gossiped version announcement is true, as far as this node's own log can tell. */

import type { ControlState } from "../../consensus/control/index.js";
import { certificateFault, decodeCertificate } from "../../consensus/votes/index.js";
import type { Verify } from "../../protocol/types.js";

export type Verdict = "accept" | "ignore" | "reject";

/**
 * A forged or malformed certificate is rejected, which costs its sender score; one that this node cannot judge yet
 * (of another session, of a height it has not reached) is not passed on.
 */
export function versionCheck(control: { readonly state: ControlState }, verify: Verify) {
  return (message: { readonly certificate: Uint8Array }): Verdict => {
    let certificate: ReturnType<typeof decodeCertificate>;
    try {
      certificate = decodeCertificate(message.certificate);
    } catch {
      return "reject";
    }
    const { swarm, formation, session } = control.state;
    const { decision } = certificate;
    if (decision.swarm !== swarm || decision.formation !== formation) return "reject";
    if (certificateFault(certificate, verify) !== null) return "reject";
    if (decision.session !== session?.id) return "ignore";
    if (decision.height === session.height && session.version !== null) {
      return decision.result.hash === session.version.hash ? "accept" : "reject";
    }
    return decision.height === session.height + 1 && decision.base === session.version?.hash
      ? "accept"
      : "ignore";
  };
}
