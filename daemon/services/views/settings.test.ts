import assert from "node:assert/strict";
import { assertView } from "../testing/assert_view.js";
import { A, NOW_MS } from "../testing/snapshot.js";
import { settingDeletedViewSchema, settingListView, settingListViewSchema } from "./settings.js";

describe("daemon/services: views of settings", () => {
  it("carries any JSON value as it is", () => {
    const values = [null, true, -1.5, "text", [1, [null]], { a: { b: ["c"] } }];
    const entries = values.map((value, i) => {
      return { key: `user.${i}`, value, revision: i + 1, by: A, atMs: NOW_MS };
    });
    const view = settingListView({ revision: 9, entries });
    assertView(settingListViewSchema, view);
    assert.deepEqual(
      view.settings.map((s) => s.value),
      values,
    );
    assert.deepEqual([view.total, view.revision], [values.length, 9]);
    assert.ok(view.known.some((k) => k.key === "committee.size"));
  });

  it("takes nothing that is not JSON for a value", () => {
    const view = settingListView({
      revision: 1,
      entries: [{ key: "user.a", value: 1, revision: 1, by: A, atMs: NOW_MS }],
    });
    const broken = { ...view, settings: [{ ...view.settings[0], value: undefined }] };
    assert.equal(settingListViewSchema.safeParse(broken).success, false);
  });

  it("describes a deletion", () => {
    assertView(settingDeletedViewSchema, { key: "user.a", status: "deleted", revision: 3 });
  });
});
