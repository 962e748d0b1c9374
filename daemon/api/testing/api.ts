/** The real HTTP door over services that a test fills, on a port of the system's choice. */
import pino from "pino";
import { Registry } from "prom-client";
import { createEvents } from "../../events/index.js";
import { createSwarmMetrics } from "../../metrics/index.js";
import type { AuditPort } from "../../services/audit.js";
import type { AuthService } from "../../services/auth.js";
import type { ModelsPort } from "../../services/models.js";
import type { SettingsPort } from "../../services/settings.js";
import type { SwarmCommands, SwarmSnapshot } from "../../services/source.js";
import type { SpawnedPort } from "../../services/spawned_port.js";
import { createSwarmServices } from "../../services/swarm_services.js";
import { networkFixture, spawnedFixture } from "../../services/testing/ports.js";
import { snapshotFixture } from "../../services/testing/snapshot.js";
import type { EventsService } from "../../services/types.js";
import type { Audit } from "../audit.js";
import { type Doorkeeper, openDoor } from "../caller.js";
import { type ApiParts, type ApiServer, createApi } from "../index.js";

export interface ApiFixtureOptions {
  readonly snapshot?: () => SwarmSnapshot;
  readonly commands?: Partial<SwarmCommands>;
  readonly settings?: SettingsPort;
  readonly models?: Partial<ModelsPort>;
  readonly spawned?: SpawnedPort;
  readonly config?: Partial<ApiParts["config"]>;
  readonly keeper?: Doorkeeper;
  readonly auth?: AuthService;
  readonly audit?: Audit;
  readonly cors?: Partial<ApiParts["cors"]>;
  readonly events?: EventsService;
  readonly loopbackEvents?: boolean;
  readonly auditLog?: AuditPort;
  readonly metricsToken?: string;
  readonly limits?: ApiParts["limits"];
  readonly logger?: ApiParts["logger"];
}

const TEST_CLIENTS = { maxClients: 64, maxClientsPerAddress: 64, maxClientsPerCaller: 64 };

export function startTestApi({
  snapshot = snapshotFixture,
  ...options
}: ApiFixtureOptions = {}): Promise<ApiServer> {
  const unexpected = () => Promise.reject(new Error("this test did not expect the command"));
  const registry = new Registry();
  return createApi({
    services: createSwarmServices({
      events: options.events ?? createEvents(TEST_CLIENTS).service,
      auth: options.auth,
      audit: options.auditLog,
      settings: () => {
        if (options.settings !== undefined) return options.settings;
        throw new Error("this test did not expect that settings are asked for");
      },
      models: () => ({
        openVersion: unexpected,
        openModel: unexpected,
        certificate: unexpected,
        save: unexpected,
        upload: unexpected,
        delete: unexpected,
        load: unexpected,
        ...options.models,
      }),
      source: { snapshot, holdsVersion: () => true },
      network: networkFixture(),
      spawned: options.spawned ?? spawnedFixture(),
      commands: {
        startTraining: unexpected,
        stopTraining: unexpected,
        pauseTraining: unexpected,
        resumeTraining: unexpected,
        removeNode: unexpected,
        readmitNode: unexpected,
        vote: unexpected,
        ...options.commands,
      },
    }),
    registry,
    metrics: createSwarmMetrics(registry, snapshot).api,
    config: {
      host: "127.0.0.1",
      port: 0,
      insecureBind: false,
      allowedHosts: [],
      tlsCertFile: null,
      tlsKeyFile: null,
      trustProxy: [],
      corsEnabled: false,
      rateLimit: 0,
      authenticatedRateLimit: 1000,
      ...options.config,
    },
    cors: { origins: [], methods: ["GET", "POST"], headers: ["Content-Type"], ...options.cors },
    keeper: options.keeper ?? openDoor,
    events: { maxClients: TEST_CLIENTS.maxClients, loopback: options.loopbackEvents ?? true },
    audit: options.audit ?? null,
    strictAnswers: true,
    metricsToken: options.metricsToken,
    limits: options.limits,
    logger: options.logger ?? pino({ level: "silent" }),
  });
}
