import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { DaemonError } from "../errors.js";
import { loadConfig } from "./load.js";
import type { Problem } from "./problems.js";
import { type Config, SPECS } from "./schema.js";

/** The blocks of the HTTP API's documentation, as they stand there. */
const DOCUMENTED = `
cors:
  origins:
    - https://dashboard.yourcompany.com
  methods: [GET, POST, PUT, DELETE]
  headers: [Authorization, Content-Type]
api:
  host: "0.0.0.0"
  port: 8080
  cors_enabled: true
  rate_limit: 100
  jwt_secret: "your_secret_key"
  
authentication:
  provider: "jwt"
  token_expiry: "24h"
  
logging:
  level: "INFO"
  format: "json"
`;

describe("loadConfig", () => {
  let dir: string;
  let file: string;

  beforeEach(async () => {
    dir = await fs.mkdtemp(join(tmpdir(), "config-"));
    file = join(dir, "swarm.yaml");
  });

  afterEach(() => fs.rm(dir, { recursive: true }));

  async function load(
    yaml: string | null,
    env: NodeJS.ProcessEnv = {},
    flags: Record<string, unknown> = {},
  ): Promise<Config> {
    if (yaml !== null) await fs.writeFile(file, yaml);
    return loadConfig({ ...(yaml !== null && { file }), env, flags });
  }

  async function problems(...args: Parameters<typeof load>): Promise<readonly Problem[]> {
    try {
      await load(...args);
    } catch (error) {
      assert.ok(error instanceof DaemonError && error.code === "CONFIG_INVALID", String(error));
      const found = error.facts.problems as readonly Problem[];
      for (const { source, message } of found)
        assert.ok(error.message.includes(`${source}: `) && error.message.includes(message));
      return found;
    }
    return assert.fail("was accepted");
  }

  /** `source setting: message` of the only problem. */
  async function problem(...args: Parameters<typeof load>): Promise<string> {
    const [only, ...more] = await problems(...args);
    assert.deepEqual(more, []);
    return `${only?.source.replace(`${dir}/`, "")} ${only?.setting ?? ""}: ${only?.message}`;
  }

  it("needs nothing: every setting has a default", async () => {
    const config = await load(null);
    assert.equal(config.node.dataDir, join(homedir(), ".ncrsh-swarm"));
    assert.match(config.node.name, /^[A-Za-z0-9]/);
    assert.equal(config.network.swarmKeyFile, null);
    assert.equal(config.training.deadAfterMs, 4000);
    assert.equal(config.training.inlineUpdateMaxBytes, 32 * 1024);
    assert.equal(config.api.host, "127.0.0.1");
    assert.deepEqual(await load(""), config);
    assert.deepEqual(await load("# nothing\napi:\n"), config);
  });

  it("loads the documented blocks as written", async () => {
    const { api, authentication, logging, cors } = await load(DOCUMENTED);
    assert.deepEqual(api, {
      host: "0.0.0.0",
      port: 8080,
      corsEnabled: true,
      rateLimit: 100,
      spawnedNodesMax: 4,
      authenticatedRateLimit: 1000,
      jwtSecret: "your_secret_key",
      insecureBind: false,
      allowedHosts: [],
      tlsCertFile: null,
      tlsKeyFile: null,
      trustProxy: [],
      metricsToken: "",
      metricsTokenFile: null,
    });
    assert.deepEqual(authentication, {
      provider: "jwt",
      loopbackEvents: true,
      tokenExpiryMs: 86_400_000,
      refreshExpiryMs: 7 * 86_400_000,
      algorithm: "rs256",
      privateKeyFile: null,
      publicKeyFile: null,
      adminPassword: "",
    });
    assert.deepEqual(logging, { level: "info", format: "json" });
    assert.deepEqual(cors.origins, ["https://dashboard.yourcompany.com"]);
  });

  it("lets flags win over the environment, that over the file, and the file over the defaults", async () => {
    const yaml = "api: { port: 1, rate_limit: 1, host: h1 }";
    const env = { NCRSH_SWARM_API_PORT: "2", NCRSH_SWARM_API_RATE_LIMIT: "2" };
    const { api } = await load(yaml, env, { "api-port": "3" });
    assert.deepEqual([api.port, api.rateLimit, api.host, api.corsEnabled], [3, 2, "h1", false]);
  });

  it("takes the file's name from the environment, where none is given", async () => {
    await fs.writeFile(file, "api: { port: 1 }");
    const { api } = await loadConfig({ env: { NCRSH_SWARM_CONFIG: file }, flags: {} });
    assert.equal(api.port, 1);
  });

  it("reads every kind from text", async () => {
    const config = await load(null, {
      NCRSH_SWARM_NETWORK_MDNS: "No",
      NCRSH_SWARM_LISTEN: "/ip4/127.0.0.1/tcp/0, /ip6/::1/tcp/0",
      NCRSH_SWARM_TRAINING_HEARTBEAT: "1.2s",
      NCRSH_SWARM_STORAGE_MAX_BYTES: "1GiB",
      NCRSH_SWARM_ZONE: "",
      NCRSH_SWARM_BOOTSTRAP_EXPECT: "3",
    });
    assert.equal(config.network.mdns, false);
    assert.deepEqual(config.network.listen, ["/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"]);
    assert.equal(config.training.heartbeatMs, 1200);
    assert.equal(config.storage.maxBytes, 2 ** 30);
    assert.equal(config.consensus.bootstrapExpect, 3);
  });

  it("takes flags as yargs gives them: repeated, negated, and beside those of the command", async () => {
    const flags = {
      _: ["start"],
      $0: "x",
      config: "x",
      listen: ["/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/2,/ip4/1.2.3.4/tcp/3"],
      "network-mdns": false,
    };
    const { network } = await load(null, {}, flags);
    assert.equal(network.listen.length, 3);
    assert.equal(network.mdns, false);
    assert.match(
      await problem(null, {}, { "api-port": ["1", "2"] }),
      /--api-port api\.port: is given more than once/,
    );
  });

  it("says where an unknown name stands and which one was meant", async () => {
    assert.match(await problem("api:\n  prot: 1"), /^swarm\.yaml:2 api\.prot: .*Did you mean api\.port\?$/);
    assert.match(await problem("api:\n  corsEnabled: true"), /Did you mean api\.cors_enabled\?/);
    assert.match(await problem("\n\napis: {}"), /^swarm\.yaml:3 apis: .*Did you mean api\?/);
    assert.match(await problem("port: 1"), /Did you mean api\.port\?/);
    assert.match(await problem("node:\n  swarm_id: x"), /Did you mean network\.swarm_id\?/);
    assert.match(
      await problem(null, { NCRSH_SWARM_API_PROT: "1" }),
      /^NCRSH_SWARM_API_PROT .*NCRSH_SWARM_API_PORT\?/,
    );
    assert.match(await problem(null, { NCRSH_SWARM_ZZZZZZZZ: "1" }), /there is no such setting\.$/);
  });

  it("says what was given and what is allowed", async () => {
    assert.match(
      await problem("api:\n  host: h\n  port: 70000"),
      /^swarm\.yaml:3 api\.port: 70000 is not allowed\. Allowed: an integer from 0 to 65535\.$/,
    );
    assert.match(
      await problem(null, { NCRSH_SWARM_API_PORT: "http" }),
      /^NCRSH_SWARM_API_PORT api\.port: "http" is not/,
    );
    assert.match(
      await problem(null, {}, { "training-heartbeat": "5" }),
      /^--training-heartbeat .*a duration with a unit/,
    );
    assert.match(
      await problem("network:\n  bootstrap: [/ip4/1.2.3.4/tcp/1]"),
      /entry 1, "\/ip4.*end in a peer id/,
    );
    assert.match(await problem("network:\n  listen: /ip4/1.2.3.4/tcp/1"), /Allowed: a list of multiaddrs/);
    assert.match(await problem("network: { swarm_id: 123 }"), /123 is not allowed.*Write it in quotes/);
    assert.match(await problem("api:\n  port:\n"), /^swarm\.yaml:2 api\.port: has no value/);
    assert.match(await problem("api: 5"), /must hold settings/);
    assert.match(await problem("- api"), /must hold groups/);
  });

  it("takes no authentication on loopback only", async () => {
    const open = "authentication: { provider: none }\napi: { host: 0.0.0.0 }";
    assert.match(await problem(open), /everybody is admin, so `api\.host` must be loopback.*provider to jwt/);
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
      assert.equal(
        (await load(`authentication: { provider: none }\napi: { host: "${host}" }`)).api.host,
        host,
      );
  });

  it("refuses a placeholder, a short secret and none at all where tokens are signed with it", async () => {
    const hs256 = (secret: string) =>
      `authentication: { algorithm: HS256 }\napi: { jwt_secret: "${secret}" }`;
    assert.match(await problem(hs256("your_secret_key")), /placeholder/);
    assert.match(await problem(hs256("")), /it has 0 bytes, at least 32/);
    const short = await problem(hs256("hunter2hunter2hunter2"));
    assert.match(short, /it has 21 bytes, at least 32/);
    assert.doesNotMatch(short, /hunter2/);
    assert.equal((await load(hs256("x".repeat(32)))).authentication.algorithm, "hs256");
  });

  it("takes a public key only with its private one", async () => {
    assert.match(await problem("authentication: { public_key_file: public.pem }"), /only together with/);
  });

  it("never shows a secret", async () => {
    const text = await problem("api:\n  jwt_secret: [hunter2]");
    assert.match(text, /api\.jwt_secret/);
    assert.doesNotMatch(text, /hunter2/);
  });

  it("tells all mistakes at once, from every source, also where a later one wins", async () => {
    const yaml = "api:\n  port: x\nlogging:\n  lvl: info\n  format: xml\n";
    const found = await problems(
      yaml,
      { NCRSH_SWARM_API_PORT: "8080", NCRSH_SWARM_NOPE: "1" },
      { "log-level": "loud" },
    );
    assert.equal(found.length, 5);
  });

  it("is not taken in by hostile or broken YAML", async () => {
    const bomb = `a: &a [x]\n${Array.from({ length: 20 }, (_, i) => `b${i}: [*a, *a]`).join("\n")}`;
    assert.match((await problems(bomb))[0]?.message ?? "", /aliases/);
    assert.match((await problems("api: {"))[0]?.message ?? "", /not valid YAML/);
    assert.match((await problems("api:\n  port: 1\n  port: 2"))[0]?.message ?? "", /unique/);
    assert.match((await problems("api:\n  port: !!js/function x"))[0]?.message ?? "", /YAML/);
    assert.ok((await problems("[".repeat(20_000))).length > 0);
    assert.match(await problem(`# ${"x".repeat(2 ** 20)}`), /longer than 1048576 bytes/);
    await fs.writeFile(file, Uint8Array.of(0x61, 0xff, 0xfe));
    assert.match(await loadConfig({ file, env: {}, flags: {} }).then(String, String), /not UTF-8/);
    assert.match(await loadConfig({ file: dir, env: {}, flags: {} }).then(String, String), /is a folder/);
    assert.match(
      await loadConfig({ file: join(dir, "no"), env: {}, flags: {} }).then(String, String),
      /ncrsh-swarm init/,
    );
    const proto = await problems("__proto__:\n  port: 1\nconstructor: {}");
    assert.equal(proto.length, 2);
  });

  it("leaves the variables alone that Kubernetes makes for a service called ncrsh-swarm", async () => {
    const config = await load(null, {
      NCRSH_SWARM_SERVICE_HOST: "10.0.0.1",
      NCRSH_SWARM_SERVICE_PORT: "8080",
      NCRSH_SWARM_SERVICE_PORT_HTTP: "8080",
      NCRSH_SWARM_PORT: "tcp://10.0.0.1:8080",
      NCRSH_SWARM_PORT_8080_TCP: "tcp://10.0.0.1:8080",
      NCRSH_SWARM_PORT_8080_TCP_ADDR: "10.0.0.1",
      NCRSH_SWARM_API_PORT: "tcp://10.0.0.2:80",
      NCRSH_SWARM_API_SERVICE_HOST: "10.0.0.2",
    });
    assert.equal(config.api.port, 8080);
  });

  it("checks what must hold between settings, naming the sources", async () => {
    assert.match(
      await problem("consensus:\n  form: true", {}, { "bootstrap-expect": "3" }),
      /swarm\.yaml:2 and --bootstrap-expect : .*not both/,
    );
    assert.match(
      await problem("consensus: { election_ticks: 5, heartbeat_ticks: 2 }"),
      /election_ticks is 5.*at least 3 times/,
    );
    assert.match(await problem("consensus: { committee_size: 4 }"), /must be odd.*Take 3 or 5/);
    assert.match(await problem("training: { heartbeat: 2s }"), /Raise training\.dead_after to 6000ms/);
    const wide = await problem('api: { host: "0.0.0.0" }\nauthentication: { provider: none }');
    assert.match(wide, /everybody is admin.*Set authentication\.provider to jwt/);
    assert.match(await problem("api: { tls_cert_file: /a.pem }"), /needs both/);
    assert.match(await problem("api: { trust_proxy: [1, 10.0.0.1] }"), /not both/);
    const token = "hunter2hunter2hunter2";
    const both = await problem(`api: { metrics_token: ${token}, metrics_token_file: /t }`);
    assert.match(both, /in a file, not both/);
    assert.doesNotMatch(both, /hunter2/);
    assert.match(await problem("consensus: { committee_size: 400 }"), /Allowed: an odd integer/);
    await load("training: { heartbeat: 2s, dead_after: 6s }\nconsensus: { committee_size: 3 }");
  });

  it("has a default that its own schema takes, and names that cannot be mixed up", () => {
    for (const spec of SPECS) assert.ok(spec.schema.safeParse(spec.defaultValue).success, spec.path);
    for (const key of ["path", "flag", "env"] as const) {
      assert.equal(new Set(SPECS.map((spec) => spec[key])).size, SPECS.length, key);
    }
  });
});
