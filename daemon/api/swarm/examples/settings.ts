/** What the routes about settings answer, for the reference. */

export const SETTING_LIST = {
  settings: [
    {
      key: "committee.size",
      value: 7,
      revision: 142,
      updated_by: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
      updated_at: "2026-11-24T03:40:35.478Z",
    },
  ],
  total: 1,
  revision: 142,
  known: [
    {
      key: "committee.size",
      allowed: "an odd integer from 1 to 63",
      about:
        "Voters that the leader aims for. It promotes up to a larger one; a smaller one removes nobody by itself.",
      overrides: "consensus.committee_size",
    },
  ],
};

export const SETTING = {
  key: "user.note",
  value: "hello",
  revision: 142,
  updated_by: "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA",
  updated_at: "2026-11-24T03:40:35.478Z",
};

export const SETTING_DELETED = { key: "user.note", status: "deleted", revision: 150 };
