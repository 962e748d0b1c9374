// Generated from the declarations of the node's routes (npm run fix:docs). Do not edit.

import type { OperationSpec } from "../operation.js";

export const OPERATIONS = {
  "health.health": {"id":"health.health","http":"GET","path":"/health","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "health.ready": {"id":"health.ready","http":"GET","path":"/health/ready","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[503]},
  "health.live": {"id":"health.live","http":"GET","path":"/health/live","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "health.metrics": {"id":"health.metrics","http":"GET","path":"/metrics","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"text","accepts":[]},
  "nodes.list": {"id":"nodes.list","http":"GET","path":"/api/v1/nodes","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "nodes.get": {"id":"nodes.get","http":"GET","path":"/api/v1/nodes/{node_id}","pathNames":["node_id"],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "nodes.remove": {"id":"nodes.remove","http":"DELETE","path":"/api/v1/nodes/{node_id}","pathNames":["node_id"],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "training.start": {"id":"training.start","http":"POST","path":"/api/v1/training/start","pathNames":[],"queryNames":[],"headerNames":[],"body":"json","uploadMedia":[],"answer":"json","accepts":[]},
  "training.status": {"id":"training.status","http":"GET","path":"/api/v1/training/status","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "training.stop": {"id":"training.stop","http":"POST","path":"/api/v1/training/stop","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "models.list": {"id":"models.list","http":"GET","path":"/api/v1/models","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "models.download": {"id":"models.download","http":"GET","path":"/api/v1/models/{model_id}/download","pathNames":["model_id"],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"stream","accepts":[]},
  "consensus.status": {"id":"consensus.status","http":"GET","path":"/api/v1/consensus/status","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "consensus.approvals": {"id":"consensus.approvals","http":"GET","path":"/api/v1/consensus/approvals","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "consensus.vote": {"id":"consensus.vote","http":"POST","path":"/api/v1/consensus/vote","pathNames":[],"queryNames":[],"headerNames":[],"body":"json","uploadMedia":[],"answer":"json","accepts":[]},
  "consensus.history": {"id":"consensus.history","http":"GET","path":"/api/v1/consensus/history","pathNames":[],"queryNames":["limit","before"],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "settings.list": {"id":"settings.list","http":"GET","path":"/api/v1/settings","pathNames":[],"queryNames":["consistency","after","timeout_ms"],"headerNames":["If-None-Match"],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "settings.get": {"id":"settings.get","http":"GET","path":"/api/v1/settings/{key}","pathNames":["key"],"queryNames":["consistency","after","timeout_ms"],"headerNames":["If-None-Match"],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "settings.set": {"id":"settings.set","http":"PUT","path":"/api/v1/settings/{key}","pathNames":["key"],"queryNames":[],"headerNames":["If-Match","If-None-Match"],"body":"json","uploadMedia":[],"answer":"json","accepts":[]},
  "settings.delete": {"id":"settings.delete","http":"DELETE","path":"/api/v1/settings/{key}","pathNames":["key"],"queryNames":[],"headerNames":["If-Match"],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "network.topology": {"id":"network.topology","http":"GET","path":"/api/v1/network/topology","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "network.metrics": {"id":"network.metrics","http":"GET","path":"/api/v1/network/metrics","pathNames":[],"queryNames":[],"headerNames":[],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "docs.openapi": {"id":"docs.openapi","http":"GET","path":"/api/v1/openapi.json","pathNames":[],"queryNames":[],"headerNames":["If-None-Match"],"body":"none","uploadMedia":[],"answer":"json","accepts":[]},
  "docs.reference": {"id":"docs.reference","http":"GET","path":"/api/v1/docs","pathNames":[],"queryNames":[],"headerNames":["If-None-Match"],"body":"none","uploadMedia":[],"answer":"text","accepts":[]},
} as const satisfies Record<string, OperationSpec>;

export type OperationId = keyof typeof OPERATIONS;
