/** Helmet's headers on every answer: the same for all, so Helmet is asked once and not for each request. */
import type { Context, Middleware } from "koa";
import helmet from "koa-helmet";

const HSTS_S = 365 * 86_400;

/** With HSTS (RFC 6797) only where the client came encrypted: section 7.2 forbids it otherwise. */
export async function securityHeaders(): Promise<Middleware> {
  const plain = await recorded({ strictTransportSecurity: false });
  const encrypted = await recorded({ strictTransportSecurity: { maxAge: HSTS_S, includeSubDomains: false } });
  return (ctx, next) => {
    for (const [name, value] of ctx.state.encrypted === true ? encrypted : plain)
      ctx.res.setHeader(name, value);
    return next();
  };
}

/** What Helmet sets, by letting it set it once. */
async function recorded(options: Parameters<typeof helmet>[0]): Promise<[string, string][]> {
  const headers = new Map<string, string>();
  const res = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  await helmet(options)({ req: {}, res } as unknown as Context, async () => undefined);
  return [...headers];
}
