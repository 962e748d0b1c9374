/** Takes a node down in the reverse order in which it was built. */
import { DaemonError } from "./errors.js";
import type { Logger } from "./logger.js";

export type Closer = () => Promise<void> | void;

/** Everything must be down after this long, in order or not. */
const STOP_MS_MAX = 9000;

/** In reverse order of their making; one that fails or hangs does not keep the others from closing. */
export async function closeAll(closers: Closer[], logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), STOP_MS_MAX);
  });
  const inOrder = async (): Promise<"done"> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
      try {
        await close();
      } catch (error) {
        logger.warn(
          { reason: error instanceof Error ? error.message : error },
          "a part did not stop cleanly",
        );
      }
    }
    return "done";
  };
  const outcome = await Promise.race([inOrder(), late]);
  clearTimeout(timer);
  if (outcome === "late")
    throw new DaemonError("STOP_TIMEOUT", `the node did not stop within ${STOP_MS_MAX} ms`);
}
