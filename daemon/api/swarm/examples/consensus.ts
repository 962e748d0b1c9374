/** What the routes about consensus take and answer, for the reference. */

export const CONSENSUS_STATUS = {
  swarm_id: "default",
  formation: "sha256:6eb0a747cd91642f5f4715ba7df3bb69d68e3fb9ba4376b78ee590c45e34ac32",
  role: "follower",
  term: 3,
  leader: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
  leader_name: "gpu1",
  commit_index: 142,
  applied_index: 142,
  last_index: 142,
  snapshot_index: 0,
  quorum: {
    voters: 3,
    needed: 2,
    alive: 3,
    reachable: true,
  },
  voters: [
    {
      id: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
      name: "gpu1",
      alive: true,
    },
  ],
  learners: [],
  session_id: "training_fc54e789d858",
  round: 131,
  height: 127,
  model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
  decisions: 140,
};

export const APPROVALS = {
  approval: "manual",
  timeout_seconds: 3600,
  pending: 1,
  votes: [
    {
      model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
      base_hash: "sha256:1f0a3c5bd2e14b6d8a1f7f6d3a5e9c04b7d6f0e29d4c1b8a7f6e5d4c3b2a1908",
      session_id: "training_fc54e789d858",
      round: 131,
      height: 128,
      term: 3,
      proposer: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
      proposer_name: "gpu1",
      state: "awaiting",
      recomputed: "equal",
      reason: null,
      contributors: ["12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA"],
      rejected: [],
      samples: 640,
      training_loss: 2.31,
      validation: {
        loss: 2.42,
        accuracy: null,
        samples: 320,
      },
      last_validation: {
        height: 125,
        loss: 2.44,
        accuracy: null,
        samples: 640,
      },
      asked_at: "2026-11-24T03:40:41.102Z",
      expires_at: "2026-11-24T04:40:41.377Z",
    },
  ],
};

export const VOTE = {
  vote: "approve",
  model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
};

export const CAST_VOTE = {
  vote: "approve",
  model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
  session_id: "training_fc54e789d858",
  round: 131,
  height: 128,
  voter: "12D3KooWBHvsSSKHeragACma3HUodK5FcPUpXccl8gQeFvtTjCpm",
  signature: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA==",
};

export const HISTORY = {
  decisions: [
    {
      index: 141,
      term: 3,
      at: "2026-11-24T03:40:35.478Z",
      type: "version",
      session_id: "training_fc54e789d858",
      round: 130,
      height: 127,
      model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
      contributors: ["12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA"],
      rejected: [
        {
          peer: "12D3KooWBHvsSSKHeragACma3HUodK5FcPUpXccl8gQeFvtTjCpm",
          reason: "its payload is not finite",
        },
      ],
      signers: ["12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA"],
      reason: null,
    },
  ],
  total: 140,
  kept: 140,
  next_before: 141,
};
