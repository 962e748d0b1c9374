/** The settings of a swarm of one: a real log in memory, with nobody else to ask. */
import type { ApplyOutcome } from "../../../consensus/control/index.js";
import { RaftNode } from "../../../consensus/node/index.js";
import { MemoryRaftStorage } from "../../../consensus/storage/index.js";
import { testHash } from "../../../consensus/testing/committee.js";
import { SILENT } from "../../../consensus/testing/raft_hub.js";
import { proposalFault } from "../../sessions/proposals.js";
import { ControlLog } from "../../swarm/control_log.js";
import { SwarmSettings } from "../swarm_settings.js";

export interface SettingsAlone {
  readonly settings: SwarmSettings;
  readonly raft: RaftNode;
  stop(): Promise<void>;
}

/** @param guarded has what is proposed looked at as by the door of a real leader */
export async function settingsAlone(self = "a", guarded = false): Promise<SettingsAlone> {
  const storage = new MemoryRaftStorage();
  await storage.bootstrap({ voters: [self], learners: [] });
  const control = new ControlLog(
    { swarm: "test", formation: testHash("formation"), voters: [self] },
    () => true,
    { put: async () => undefined, putCommittee: async () => undefined },
    { error: () => undefined },
  );
  const raft = await RaftNode.open({
    id: self,
    storage,
    applier: control,
    logger: SILENT,
    transport: { send: () => undefined },
  });
  raft.start();
  const settings = new SwarmSettings({
    self,
    raft,
    control,
    rpc: { call: () => Promise.reject(new Error("nobody else is there")) },
    propose: async (command) => {
      const members = [{ peer: self, name: self, joinedIndex: 1 }];
      const fault = guarded ? proposalFault(command, self, { ...control.state, members }) : null;
      if (fault !== null) throw new Error(fault);
      return (await raft.propose(command)).result as ApplyOutcome;
    },
  });
  const stop = async (): Promise<void> => {
    settings.stop();
    await raft.stop();
  };
  return { settings, raft, stop };
}
