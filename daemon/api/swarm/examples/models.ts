/** What the routes about models answer, for the reference. */

export const MODEL_LIST = {
  models: [
    {
      id: "training_fc54e789d858",
      session_id: "training_fc54e789d858",
      status: "finished",
      height: 127,
      model_hash: "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823",
      bytes: 3355443,
      type: "gpt2",
      dataset: "builtin:moby-dick",
      loss: 2.335449,
      validation: {
        height: 127,
        loss: 2.324143,
        accuracy: null,
        samples: 256,
      },
      created_at: "2026-11-24T03:40:34.582Z",
      ended_at: "2026-11-24T03:59:35.589Z",
      available: true,
      download: "/api/v1/models/training_fc54e789d858/download",
    },
  ],
  total: 1,
};
