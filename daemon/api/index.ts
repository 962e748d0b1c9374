export { type ApiConfig, type ApiParts, type ApiServer, createApi } from "./server.js";
