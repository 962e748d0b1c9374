import "../polyfill.js";
/** How gossipsub is set up: for meshes of a few to a few hundred nodes that form fast and shut out liars. */
import { type GossipsubOpts, StrictSign } from "@chainsafe/libp2p-gossipsub";
import { GOSSIP_HEARTBEAT_MS } from "../limits.js";
import { discoveryTopicName, GOSSIP_KINDS, topicName } from "./topics.js";

/**
 * Only invalid messages count: a source of nine within a few seconds falls below gossipsub's graylist threshold and
 * is not heard until that has decayed. Delivery is not scored: a node that is quiet or slow is not at fault.
 */
const TOPIC_SCORE = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1000,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -1,
  invalidMessageDeliveriesDecay: 0.9,
};

export function gossipOptions(swarmId: string): Partial<GossipsubOpts> {
  const topics = [...GOSSIP_KINDS.map((kind) => topicName(swarmId, kind)), discoveryTopicName(swarmId)];
  return {
    globalSignaturePolicy: StrictSign,
    emitSelf: false,
    fallbackToFloodsub: false,
    allowedTopics: topics,
    // What a node publishes goes straight to everybody it knows: one hop in small swarms, and no wait for the mesh.
    floodPublish: true,
    allowPublishToZeroTopicPeers: true,
    heartbeatInterval: GOSSIP_HEARTBEAT_MS,
    D: 5,
    Dlo: 3,
    Dhi: 8,
    Dout: 2,
    Dscore: 3,
    Dlazy: 5,
    // A restarted node is back in the mesh within seconds instead of a minute.
    pruneBackoff: 10_000,
    unsubcribeBackoff: 2000,
    scoreParams: {
      // Many nodes behind one address are normal here: one host, one NAT.
      IPColocationFactorWeight: 0,
      retainScore: 60_000,
      topics: Object.fromEntries(topics.map((topic) => [topic, { ...SCORE_DEFAULTS, ...TOPIC_SCORE }])),
    },
  };
}

/** Fields that gossipsub's type wants even where their weight is 0. */
const SCORE_DEFAULTS = {
  timeInMeshCap: 1,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5000,
  meshFailurePenaltyDecay: 0.5,
};
