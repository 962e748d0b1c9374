import assert from "node:assert/strict";
import { SETTING_VALUE_BYTES_MAX } from "../../consensus/control/index.js";
import type { ErrorBody } from "../services/errors.js";
import type { SettingListView, SettingView } from "../services/views/settings.js";
import { type SettingsAlone, settingsAlone } from "../settings/testing/alone.js";
import type { ApiServer } from "./index.js";
import { startTestApi } from "./testing/api.js";

describe("daemon/api: settings", () => {
  let alone: SettingsAlone;
  let api: ApiServer;

  beforeEach(async () => {
    alone = await settingsAlone();
    api = await startTestApi({ settings: alone.settings });
  });
  afterEach(async () => {
    await alone.stop();
    await api.stop();
  });

  const ask = (key: string, init: RequestInit = {}) => fetch(`${api.address}/api/v1/settings${key}`, init);
  const put = (key: string, value: unknown, headers: Record<string, string> = {}) =>
    ask(`/${key}`, {
      method: "PUT",
      body: JSON.stringify({ value }),
      headers: { "Content-Type": "application/json", ...headers },
    });
  const remove = (key: string, headers: Record<string, string> = {}) =>
    ask(`/${key}`, { method: "DELETE", headers });
  const viewOf = async (response: Response) => {
    assert.ok(response.ok, `${response.status} ${response.ok ? "" : await response.clone().text()}`);
    const view = (await response.json()) as SettingView;
    assert.equal(response.headers.get("etag"), `"${view.revision}"`);
    return view;
  };
  const errorOf = async (response: Response) => {
    const { error } = (await response.json()) as ErrorBody;
    const { committed, revision } = error.details;
    return [response.status, error.name, committed, revision];
  };

  it("sets, reads, lists and deletes", async () => {
    const set = await viewOf(await put("user.note", { text: "hello" }));
    assert.deepEqual([set.key, set.value, set.updated_by], ["user.note", { text: "hello" }, "a"]);
    assert.deepEqual(await viewOf(await ask("/user.note")), set);
    const list = (await (await ask("")).json()) as SettingListView;
    assert.deepEqual([list.settings, list.total, list.revision], [[set], 1, set.revision]);
    assert.ok(list.known.some(({ key }) => key === "committee.size"));
    const deleted = await remove("user.note");
    assert.equal(deleted.status, 200);
    const { revision, ...rest } = (await deleted.json()) as { revision: number };
    assert.deepEqual(rest, { key: "user.note", status: "deleted" });
    assert.ok(revision > set.revision);
    assert.deepEqual(await errorOf(await ask("/user.note")), [404, "SETTING_NOT_FOUND", undefined, revision]);
    assert.deepEqual(await errorOf(await remove("user.note")), [404, "SETTING_NOT_FOUND", "no", 0]);
  });

  it("keeps to the conditions of RFC 9110, and names the present revision", async () => {
    const created = await put("user.a", 1, { "If-None-Match": "*" });
    assert.equal(created.status, 201);
    const first = await viewOf(created);
    const conflict = [412, "SETTING_CONFLICT", "no", first.revision];
    assert.deepEqual(await errorOf(await put("user.a", 2, { "If-None-Match": "*" })), conflict);
    assert.deepEqual(await errorOf(await put("user.a", 2, { "If-Match": '"999"' })), conflict);
    assert.deepEqual(await errorOf(await put("user.b", 2, { "If-Match": '"9"' })), [
      412,
      "SETTING_CONFLICT",
      "no",
      0,
    ]);
    const second = await viewOf(await put("user.a", 2, { "If-Match": `"${first.revision}"` }));
    assert.deepEqual(await errorOf(await remove("user.a", { "If-Match": `"${first.revision}"` })), [
      412,
      "SETTING_CONFLICT",
      "no",
      second.revision,
    ]);
    const unchanged = await ask("/user.a", { headers: { "If-None-Match": `W/"${second.revision}"` } });
    assert.deepEqual([unchanged.status, await unchanged.text()], [304, ""]);
    await viewOf(await ask("/user.a", { headers: { "If-None-Match": `"${first.revision}"` } }));
    assert.equal((await remove("user.a", { "If-Match": `"${second.revision}"` })).status, 200);
  });

  it("leaves out no condition that it does not understand", async () => {
    for (const headers of [
      { "If-Match": "*" },
      { "If-Match": "3" },
      { "If-Match": 'W/"3"' },
      { "If-Match": '"1", "2"' },
      { "If-Match": '"0"' },
      { "If-None-Match": '"3"' },
      { "If-Match": '"3"', "If-None-Match": "*" },
    ] as Record<string, string>[]) {
      const error = await errorOf(await put("user.a", 1, headers));
      assert.deepEqual(error.slice(0, 3), [400, "INVALID_REQUEST", "no"], JSON.stringify(headers));
    }
    assert.equal((await remove("user.a", { "If-None-Match": "*" })).status, 400);
    assert.equal(alone.settings.state.revision, 0);
  });

  it("refuses what is unknown, unfit or too large, and says what would be right", async () => {
    const messageOf = async (response: Response) => {
      const { error } = (await response.json()) as ErrorBody;
      return `${response.status} ${error.message}`;
    };
    assert.match(await messageOf(await put("comittee.size", 3)), /^400 .*did you mean committee\.size\?/);
    assert.match(await messageOf(await put("other", 3)), /^400 .*known are committee\.size.*user\./);
    assert.match(await messageOf(await put("committee.size", 4)), /^400 .*must be odd.*from 1 to 63/);
    assert.match(await messageOf(await put("committee.size", "many")), /^400 committee\.size: /);
    assert.match(await messageOf(await put("training.dead_after", "soon")), /^400 .*is not a duration/);
    assert.match(await messageOf(await put("USER.a", 3)), /^400 key: expected 1 to 128 lower-case/);
    assert.match(await messageOf(await put("user.a", [[[[[[[[[1]]]]]]]]])), /^400 value: nested too deep/);
    const large = await put("user.a", "x".repeat(SETTING_VALUE_BYTES_MAX));
    assert.match(await messageOf(large), /^413 value: \d+ bytes, at most 16384/);
    assert.match(await messageOf(await put("user.a", undefined)), /^400 body\.value: expected any JSON/);
    for (const query of ["?after=x", "?timeout_ms=10", "?after=1&timeout_ms=99999", "?consistency=some"])
      assert.equal((await ask(`/user.a${query}`)).status, 400, query);
    assert.equal(alone.settings.state.revision, 0);
    assert.equal((await put("user.a", null)).status, 200, "null is a value");
  });

  it("waits for something newer, for as long as it is told to", async () => {
    const first = await viewOf(await put("user.a", 1));
    const waiting = ask(`/user.a?after=${first.revision}&timeout_ms=25000`);
    const listed = ask(`?after=${first.revision}&timeout_ms=25000&consistency=local`);
    await viewOf(await put("user.a", 2));
    assert.equal((await viewOf(await waiting)).value, 2);
    assert.equal(((await (await listed).json()) as SettingListView).settings[0]?.value, 2);
    const { revision } = await viewOf(await ask("/user.a?after=0"));
    assert.equal((await viewOf(await ask(`/user.a?after=${revision}&timeout_ms=1`))).revision, revision);
    const created = ask(`/user.b?after=${revision}&timeout_ms=25000`);
    await viewOf(await put("user.b", "new"));
    assert.equal((await viewOf(await created)).value, "new");
    const deleted = ask(`/user.a?after=${revision}&timeout_ms=25000`);
    await remove("user.a");
    assert.equal((await deleted).status, 404);
  });

  it("reads locally when the swarm's majority cannot be asked", async () => {
    await viewOf(await put("user.a", 1));
    await alone.raft.stop();
    const [status, name] = await errorOf(await ask("/user.a"));
    assert.deepEqual([status, name], [503, "NETWORK_PARTITION"]);
    assert.equal((await viewOf(await ask("/user.a?consistency=local"))).value, 1);
  });
});
