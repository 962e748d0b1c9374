/** The real HTTP door over services that a test fills, on a port of the system's choice. */
import pino from "pino";
import { Registry } from "prom-client";
import { createSwarmMetrics } from "../../metrics/index.js";
import type { AuditPort } from "../../services/audit.js";
import type { SettingsPort } from "../../services/settings.js";
import type { SwarmCommands, SwarmSnapshot } from "../../services/source.js";
import { createSwarmServices } from "../../services/swarm_services.js";
import { snapshotFixture } from "../../services/testing/snapshot.js";
import type { Audit } from "../audit.js";
import { type Doorkeeper, openDoor } from "../caller.js";
import { type ApiParts, type ApiServer, createApi } from "../index.js";

export interface ApiFixtureOptions {
  readonly snapshot?: () => SwarmSnapshot;
  readonly commands?: Partial<SwarmCommands>;
  readonly settings?: SettingsPort;
  readonly config?: Partial<ApiParts["config"]>;
  readonly keeper?: Doorkeeper;
  readonly audit?: Audit;
  readonly cors?: Partial<ApiParts["cors"]>;
  readonly auditLog?: AuditPort;
  readonly metricsToken?: string;
  readonly limits?: ApiParts["limits"];
  readonly logger?: ApiParts["logger"];
}

export function startTestApi({
  snapshot = snapshotFixture,
  ...options
}: ApiFixtureOptions = {}): Promise<ApiServer> {
  const unexpected = () => Promise.reject(new Error("this test did not expect the command"));
  const registry = new Registry();
  return createApi({
    services: createSwarmServices({
      audit: options.auditLog,
      settings: () => {
        if (options.settings !== undefined) return options.settings;
        throw new Error("this test did not expect that settings are asked for");
      },
      source: { snapshot, holdsVersion: () => true },
      commands: {
        startTraining: unexpected,
        stopTraining: unexpected,
        openCheckpoint: unexpected,
        removeNode: unexpected,
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
    audit: options.audit ?? null,
    strictAnswers: true,
    metricsToken: options.metricsToken,
    limits: options.limits,
    logger: options.logger ?? pino({ level: "silent" }),
  });
}
