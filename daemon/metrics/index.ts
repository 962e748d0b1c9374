export { createSwarmMetrics, type SwarmMetrics } from "./swarm.js";
