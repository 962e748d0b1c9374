import assert from "node:assert/strict";
import { ServiceError } from "../services/errors.js";
import { AUTH_LIMITS } from "./limits.js";
import { Passwords } from "./passwords.js";

describe("daemon/auth: passwords", () => {
  it("are argon2id with OWASP's parameters, each with a salt of its own", async () => {
    const passwords = new Passwords();
    const [one, two] = await Promise.all([passwords.hash("secret"), passwords.hash("secret")]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.notEqual(one, two);
    assert.equal(await passwords.matches(one, "secret"), true);
    assert.equal(await passwords.matches(one, "Secret"), false);
    assert.equal(await passwords.matches(null, "secret"), false);
  });

  it("wait for their turn, up to a bound", async () => {
    const passwords = new Passwords();
    const fit = AUTH_LIMITS.hashing + AUTH_LIMITS.hashingQueue;
    const all = Array.from({ length: fit + 3 }, () => passwords.matches(null, "secret"));
    const ended = await Promise.allSettled(all);
    const refused = ended.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    assert.equal(refused.length, 3);
    assert.ok(refused.every((e) => e instanceof ServiceError && e.details.retry_after_seconds === 1));
    assert.equal(await passwords.matches(null, "again"), false);
  });
});
