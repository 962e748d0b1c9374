/** The stream of events of one node, as its door offers it. */
import type { EventsService } from "../services/types.js";
import { EventHub, type EventMetrics } from "./hub.js";
import { EVENT_LIMITS } from "./limits.js";
import { newEpoch } from "./node_events.js";
import { EventRing } from "./ring.js";
import { Seats } from "./seats.js";

export interface EventsConfig {
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
  readonly maxClientsPerCaller: number;
}

export interface NodeEventStream {
  readonly hub: EventHub;
  readonly seats: Seats;
  readonly service: EventsService;
}

export function createEvents(config: EventsConfig, metrics?: EventMetrics): NodeEventStream {
  const { eventsMax, eventsBytes: bytesMax } = EVENT_LIMITS;
  const hub = new EventHub({
    ring: new EventRing(newEpoch(), { eventsMax, bytesMax }),
    now: () => performance.now(),
    wallNow: Date.now,
    ...(metrics ? { metrics } : {}),
  });
  const seats = new Seats({
    all: config.maxClients,
    perAddress: config.maxClientsPerAddress,
    perCaller: config.maxClientsPerCaller,
  });
  const service = {
    subscribe: hub.subscribe.bind(hub),
    seat: (address: string) => seats.take(address),
    stop: () => hub.stop(),
  };
  return { hub, seats, service };
}
