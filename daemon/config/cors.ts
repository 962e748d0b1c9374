import { z } from "zod";
import { field, group } from "./field.js";

const token = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/);
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

export const cors = group(
  "cors",
  "Which web pages may use the API, when `api.cors_enabled` is true.",
  z.object({
    origins: field(z.array(z.string().max(1024).refine(isOrigin)).max(256).default([]), {
      about: "Origins that are allowed.",
      allowed: "origins such as https://dashboard.example.org (scheme and host, no path), or *",
    }),
    methods: field(z.array(z.enum(METHODS)).max(16).default(["GET", "POST", "PUT", "DELETE"]), {
      about: "Methods that are allowed.",
      allowed: `any of ${METHODS.join(", ")}`,
    }),
    headers: field(z.array(token).max(64).default(["Authorization", "Content-Type"]), {
      about: "Request headers that are allowed.",
      allowed: "header names",
    }),
  }),
);

function isOrigin(text: string): boolean {
  if (text === "*") return true;
  return URL.canParse(text) && new URL(text).origin === text;
}
