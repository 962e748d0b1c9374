/** What the routes about models answer, for the reference. */
import type { CertificateView } from "../../../services/views/certificates.js";
import type { ModelListView, ModelView } from "../../../services/views/models.js";

const hash = (digit: string) => `sha256:${digit.repeat(64)}`;
const PEER = "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA";

const SESSION_EXAMPLE: ModelView = {
  id: "training_789ghi",
  kind: "session",
  name: null,
  tags: {},
  session_id: "training_789ghi",
  status: "running",
  height: 7,
  model_hash: hash("7"),
  bytes: 3355443,
  type: "gpt2",
  dataset: "builtin:moby-dick",
  loss: 2.335449,
  validation: { height: 5, loss: 2.5, accuracy: null, samples: 256 },
  created_at: "2026-11-24T03:40:34.582Z",
  created_by: PEER,
  ended_at: null,
  available: true,
  download: "/api/v1/models/training_789ghi/download",
};

export const SAVED_EXAMPLE: ModelView = {
  ...SESSION_EXAMPLE,
  id: "model_3f2a9c41d07b",
  kind: "saved",
  name: "before-the-change",
  tags: { stage: "candidate" },
  status: null,
  loss: null,
  validation: null,
  created_at: "2026-11-24T03:59:35.589Z",
  download: "/api/v1/models/model_3f2a9c41d07b/download",
};

export const UPLOADED_EXAMPLE: ModelView = {
  ...SAVED_EXAMPLE,
  id: "model_b81d04e6a5c2",
  kind: "uploaded",
  name: "from-elsewhere",
  tags: {},
  session_id: null,
  height: 0,
  model_hash: hash("b"),
  download: "/api/v1/models/model_b81d04e6a5c2/download",
};

export const LIST_EXAMPLE: ModelListView = {
  models: [SESSION_EXAMPLE, UPLOADED_EXAMPLE, SAVED_EXAMPLE],
  total: 3,
  next_cursor: null,
};

export const CERTIFICATE_EXAMPLE: CertificateView = {
  digest: hash("d"),
  session_id: "training_789ghi",
  height: 0,
  round: 0,
  term: 1,
  model_hash: hash("0"),
  bytes: 3355443,
  base: null,
  parent: null,
  updates: [],
  rejected: [],
  committee: [PEER],
  votes: [
    {
      peer: PEER,
      signature: "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ==",
    },
  ],
};
