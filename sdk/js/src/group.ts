/** What all groups of operations share. */
import type { CallInput, CallOptions, OperationSpec } from "./operation.js";
import type { Transport } from "./transport.js";

export class Group {
  constructor(protected readonly transport: Transport) {}

  protected call<T>(spec: OperationSpec, input: CallInput, options?: CallOptions): Promise<T> {
    return this.transport.call<T>(spec, input, options);
  }

  /** Asks for page after page until one says that there is no next. */
  protected async *paged<Page, Cursor>(
    page: (cursor: Cursor | undefined) => Promise<Page>,
    nextOf: (page: Page) => Cursor | null | undefined,
  ): AsyncGenerator<Page> {
    let cursor: Cursor | undefined;
    for (;;) {
      const answer = await page(cursor);
      yield answer;
      const next = nextOf(answer) ?? undefined;
      if (next === undefined || next === cursor) return;
      cursor = next;
    }
  }
}
