/** One life of a node's process, from its start to its crash. Timers and answers of a life that is over never come. */
export class SimProcess {
  alive = true;

  /**
   * @param node whose process it is
   * @param bornMs in simulated time
   * @param clockRate how fast its clock runs: 1.02 gains 2 %
   * @param wallOffsetMs by which its wall clock is wrong
   */
  constructor(
    readonly node: string,
    readonly bornMs: number,
    readonly clockRate: number,
    readonly wallOffsetMs: number,
  ) {}
}
