/** A fetch that answers from a list, and remembers what it was asked. */

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

export type Scripted = Response | Error | ((asked: Asked) => Response);

export function fakeFetch(...answers: Scripted[]): { fetch: typeof fetch; asked: Asked[] } {
  const asked: Asked[] = [];
  const fake = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    const { method = "GET", headers, body } = init;
    const one: Asked = {
      method,
      url: String(url),
      headers: new Headers(headers),
      body: typeof body === "string" ? JSON.parse(body) : body,
    };
    asked.push(one);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`nothing is left to answer ${method} ${url} with`);
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? answer(one) : answer;
  };
  return { fetch: fake, asked };
}

export function jsonResponse(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

export function refusal(
  status: number,
  name: string,
  code: number,
  details: unknown = {},
  headers = {},
): Response {
  return jsonResponse({ error: { name, code, message: `refused: ${name}`, details } }, status, {
    "X-Request-Id": "r-1",
    ...headers,
  });
}
