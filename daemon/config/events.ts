import { z } from "zod";
import { field, group } from "./field.js";

const clients = (most: number) => z.number().int().min(1).max(100_000).default(most);

export const events = group(
  "events",
  "Who listens to the events of this node, over WebSocket (/api/v1/ws) and as Server-Sent Events (/api/v1/events).",
  z.object({
    maxClients: field(clients(2048), { about: "Listeners at a time." }),
    maxClientsPerAddress: field(clients(1024), { about: "Listeners at a time from one address." }),
    maxClientsPerCaller: field(clients(256), {
      about: "Listeners at a time of one user or API key, or of one address without a token.",
    }),
  }),
);
