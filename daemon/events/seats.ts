/** How many may listen at a time: in all, by address, by user or key. */
import { ServiceError } from "../services/errors.js";

export interface SeatLimits {
  readonly all: number;
  readonly perAddress: number;
  readonly perCaller: number;
}

/** One listener's place. */
export interface Seat {
  /** Once it is known who sits there. @throws ServiceError TOO_MANY_STREAMS */
  claim(caller: string): void;
  leave(): void;
}

export class Seats {
  private all = 0;
  private readonly byAddress = new Map<string, number>();
  private readonly byCaller = new Map<string, number>();

  constructor(private readonly limits: SeatLimits) {}

  get taken(): number {
    return this.all;
  }

  /** @throws ServiceError TOO_MANY_STREAMS */
  take(address: string): Seat {
    const { all, perAddress, perCaller } = this.limits;
    if (this.all >= all) throw full("this node", all, "events.max_clients");
    if (countOf(this.byAddress, address) >= perAddress)
      throw full("this address", perAddress, "events.max_clients_per_address");
    this.all += 1;
    add(this.byAddress, address, 1);
    let claimed: string | null = null;
    let left = false;
    return {
      claim: (caller) => {
        if (left || claimed === caller) return;
        if (countOf(this.byCaller, caller) >= perCaller)
          throw full("this caller", perCaller, "events.max_clients_per_caller");
        if (claimed !== null) add(this.byCaller, claimed, -1);
        claimed = caller;
        add(this.byCaller, caller, 1);
      },
      leave: () => {
        if (left) return;
        left = true;
        this.all -= 1;
        add(this.byAddress, address, -1);
        if (claimed !== null) add(this.byCaller, claimed, -1);
      },
    };
  }
}

function full(who: string, limit: number, setting: string): ServiceError {
  const message = `${who} has ${limit} event streams open, which is the limit (${setting}): close one first`;
  return new ServiceError("TOO_MANY_STREAMS", message, { limit, setting });
}

function countOf(counts: ReadonlyMap<string, number>, key: string): number {
  return counts.get(key) ?? 0;
}

/** What is at zero is forgotten, so that the map is no larger than the listeners. */
function add(counts: Map<string, number>, key: string, by: number): void {
  const count = countOf(counts, key) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
