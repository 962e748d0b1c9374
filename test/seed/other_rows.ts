/** Lines 152 to 288 of the API document: events, SDK, metrics, security, errors, configuration, further documents. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, loadConfig } from "../../daemon/config/index.js";
import { SERVICE_ERRORS } from "../../daemon/services/errors.js";
import { repositoryRoot } from "../../scripts/lib/repository_root.js";
import { call, ok } from "./call.js";
import { clientPython, has, node, python, shell } from "./programs.js";
import type { Row } from "./types.js";

const SOCKET = `const ws = new WebSocket('ws://localhost:8080/api/v1/ws');

ws.on('message', (data) => {
  const event = JSON.parse(data);
  console.log('Event:', event.type, event.data);
});`;

const EVENTS = ["node_joined", "node_left", "training_progress", "consensus_vote", "model_update"];

const PYTHON = `import ncrsh_swarm as swarm

# Initialize client
client = swarm.SwarmClient(
    base_url="http://localhost:8080",
    auth_token="your_jwt_token"
)

# List nodes
nodes = await client.nodes.list()

# Start training
training = await client.training.start(
    dataset="custom_dataset",
    epochs=50,
    batch_size=16
)

# Monitor progress
async for progress in client.training.stream_progress():
    print(f"Epoch: {progress.epoch}, Loss: {progress.loss}")
`;

const OPENSSL = `openssl genrsa -out private.pem 2048
openssl rsa -in private.pem -pubout -out public.pem`;

const CORS = `cors:
  origins:
    - https://dashboard.yourcompany.com
  methods: [GET, POST, PUT, DELETE]
  headers: [Authorization, Content-Type]
`;

const CONFIGURATION = `api:
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

const METRICS = [
  "swarm_nodes_total",
  "swarm_nodes_active",
  "swarm_training_loss",
  "swarm_network_latency",
  "swarm_consensus_votes",
];

const ERRORS = [
  [1001, "NODE_NOT_FOUND"],
  [1002, "TRAINING_IN_PROGRESS"],
  [1003, "CONSENSUS_FAILED"],
  [1004, "MODEL_CORRUPT"],
  [1005, "NETWORK_PARTITION"],
];

const DOCUMENTS = ["python-sdk.md", "js-sdk.md", "openapi.yaml", "postman-collection.json"];

/** As a person's file. @throws DaemonError CONFIG_INVALID */
function configOf(folder: string, text: string): Promise<Config> {
  const file = join(folder, "swarm.yaml");
  writeFileSync(file, text);
  return loadConfig({ file, env: {}, flags: {} });
}

export const OTHER_ROWS: readonly Row[] = [
  {
    line: 156,
    what: "JavaScript: a WebSocket that prints events",
    changed: "address",
    run: async ({ first }) => {
      const source = SOCKET.replace("localhost:8080", new URL(first.api.url).host);
      assert.match(await node(source, (output) => output.includes("Event:")), /^Event: \w+ \{/m);
    },
  },
  {
    line: 175,
    what: "Python: list nodes, start training, monitor progress",
    changed: "address, token, dataset: one that there is",
    run: async (stage) => {
      const program = clientPython();
      if (program === null) return "the Python client is not installed in .build/; npm run test:sdk does it";
      const file = join(stage.folder, "snippet.py");
      const text = PYTHON.replace("http://localhost:8080", stage.first.api.url)
        .replace("your_jwt_token", stage.key)
        .replace("custom_dataset", "builtin:mnist");
      writeFileSync(file, text);
      let stopped: Promise<unknown> | null = null;
      const output = await python(program, file, (printed) => {
        // 50 epochs are more than a test needs; the loop ends when the session does.
        if (/Loss: \d/.test(printed)) stopped ??= ok(stage, "/api/v1/training/stop", { method: "POST" });
      });
      await stopped;
      assert.match(output, /^Epoch: \d+, Loss: \d+\.\d+$/m);
    },
  },
  {
    line: 201,
    what: "Prometheus metrics",
    changed: null,
    run: async ({ first }) => {
      const text = await first.api.metrics();
      for (const name of METRICS) assert.match(text, new RegExp(`^# TYPE ${name} `, "m"));
    },
  },
  ...(["/health", "/health/ready", "/health/live"] as const).map((path, index) => ({
    line: 213 + 3 * index,
    what: `\`GET ${path}\``,
    changed: null,
    run: async ({ first }: Parameters<Row["run"]>[0]) => {
      // Without a token.
      assert.equal((await fetch(`${first.api.url}${path}`)).status, 200);
      return undefined;
    },
  })),
  {
    line: 228,
    what: "openssl: generate a key pair",
    changed: null,
    run: async ({ folder }) => {
      if (!has("openssl")) return "openssl is not there";
      await shell(OPENSSL, folder);
      const [secret, open] = ["private.pem", "public.pem"].map((name) => readFileSync(join(folder, name)));
      const derived = createPublicKey(createPrivateKey(secret as Buffer)).export({
        type: "spki",
        format: "pem",
      });
      assert.equal(open?.toString(), derived);
      const keys = ["private", "public"].map((n) => `  ${n}_key_file: ${join(folder, `${n}.pem`)}\n`);
      await configOf(folder, `authentication:\n${keys.join("")}`);
    },
  },
  {
    line: 236,
    what: "rate limit: 100 requests a minute and address",
    changed: null,
    run: async (stage) => {
      const path = "/api/v1/auth/jwks";
      const nobody = { node: stage.limited, key: null };
      const first = await call(stage, path, nobody);
      assert.deepEqual([first.status, first.headers.get("ratelimit-limit")], [200, "100"]);
      const refused = [];
      for (let i = 0; i < 100 && refused.length === 0; i++) {
        const { status, headers } = await call(stage, path, nobody);
        if (status === 429) refused.push(headers.get("retry-after"));
      }
      assert.match(String(refused[0]), /^[1-9]\d*$/);
    },
  },
  {
    line: 237,
    what: "rate limit: 1000 requests a minute with authentication",
    changed: null,
    run: async (stage) => {
      const { status, headers } = await call(stage, "/api/v1/nodes", { node: stage.limited });
      assert.deepEqual([status, headers.get("ratelimit-limit")], [200, "1000"]);
    },
  },
  {
    line: 238,
    what: "rate limit: 10 requests a minute for training endpoints",
    changed: null,
    run: async (stage) => {
      const { headers } = await call(stage, "/api/v1/training/stop", { method: "POST", node: stage.limited });
      assert.equal(headers.get("ratelimit-limit"), "10");
    },
  },
  {
    line: 244,
    what: "configuration: CORS",
    changed: null,
    run: async ({ folder }) => {
      const { cors } = await configOf(folder, CORS);
      assert.deepEqual(cors.origins, ["https://dashboard.yourcompany.com"]);
      assert.deepEqual(cors.methods, ["GET", "POST", "PUT", "DELETE"]);
      assert.deepEqual(cors.headers, ["Authorization", "Content-Type"]);
    },
  },
  {
    line: 254,
    what: "error codes 1001 to 1005",
    changed: null,
    run: async () => {
      const contract = Object.entries(SERVICE_ERRORS).filter(([, { code }]) => code < 1100);
      assert.deepEqual(contract.map(([name, { code }]) => [code, name]).sort(), ERRORS);
    },
  },
  {
    line: 266,
    what: "configuration: API server",
    changed: "host: loopback (any other asks for TLS, or to be allowed without)",
    run: async ({ folder }) => {
      const text = CONFIGURATION.replace("0.0.0.0", "127.0.0.1");
      const { api, authentication, logging } = await configOf(folder, text);
      assert.deepEqual([api.port, api.corsEnabled, api.rateLimit], [8080, true, 100]);
      assert.deepEqual([authentication.provider, authentication.tokenExpiryMs], ["jwt", 86_400_000]);
      assert.deepEqual([logging.level, logging.format], ["info", "json"]);
      // The printed secret is nobody's: it must not sign anything.
      const signing = text.replace('provider: "jwt"', 'provider: "jwt"\n  algorithm: hs256');
      await assert.rejects(configOf(folder, signing), /jwt_secret/);
    },
  },
  {
    line: 285,
    what: "further documents",
    changed: null,
    run: async () => {
      for (const name of DOCUMENTS) assert.ok(existsSync(join(repositoryRoot(), "docs", name)), name);
    },
  },
];

/** After everything else: they change who is in the swarm, or look back. */
export const LAST_ROWS: readonly Row[] = [
  {
    line: 69,
    what: "`DELETE /api/v1/nodes/{node_id}`",
    changed: null,
    run: async (stage) => {
      const id = stage.kept.get("created") ?? stage.limited.peer;
      await ok(stage, `/api/v1/nodes/${id}`, { method: "DELETE" });
    },
  },
  {
    line: 167,
    what: "event types",
    changed: null,
    run: async ({ eventTypes }) => {
      for (const type of EVENTS) assert.ok(eventTypes.has(type), `no ${type} came in all this time`);
    },
  },
];
