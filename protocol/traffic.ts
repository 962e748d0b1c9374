/**
 * Counts bytes: on the wire (TCP payload, encryption and multiplexing included) and per protocol (what the streams
 * carried). Plugged into libp2p as its metrics, whose two `track…` hooks see every connection and every stream.
 */
import type {
  Counter,
  CounterGroup,
  Histogram,
  HistogramGroup,
  MessageStream,
  Metric,
  MetricGroup,
  Metrics,
  MultiaddrConnection,
  Stream,
  Summary,
  SummaryGroup,
} from "@libp2p/interface";

export interface TrafficCount {
  sent: number;
  received: number;
}

export interface TrafficReport extends Readonly<TrafficCount> {
  /** Payload bytes of the streams of each protocol, without multiplexing and encryption. */
  readonly byProtocol: Readonly<Record<string, Readonly<TrafficCount>>>;
}

const nothing = (): void => {};
const untimed = () => nothing;
const instrument = {
  update: nothing,
  increment: nothing,
  decrement: nothing,
  observe: nothing,
  reset: nothing,
  timer: untimed,
};

export class Traffic implements Metrics {
  private readonly wire: TrafficCount = { sent: 0, received: 0 };
  private readonly protocols = new Map<string, TrafficCount>();

  report(): TrafficReport {
    const byProtocol: Record<string, TrafficCount> = {};
    for (const [protocol, count] of this.protocols) byProtocol[protocol] = { ...count };
    return { ...this.wire, byProtocol };
  }

  trackMultiaddrConnection(connection: MultiaddrConnection): void {
    count(connection, this.wire);
  }

  /** Called once a protocol is agreed on, so the names are those that this node handles or asked for. */
  trackProtocolStream(stream: Stream): void {
    const total = this.protocols.get(stream.protocol) ?? { sent: 0, received: 0 };
    this.protocols.set(stream.protocol, total);
    count(stream, total);
  }

  readonly registerMetric: Metrics["registerMetric"] = (): Metric => instrument;
  readonly registerMetricGroup: Metrics["registerMetricGroup"] = (): MetricGroup => instrument;
  readonly registerCounter: Metrics["registerCounter"] = (): Counter => instrument;
  readonly registerCounterGroup: Metrics["registerCounterGroup"] = (): CounterGroup => instrument;
  readonly registerHistogram: Metrics["registerHistogram"] = (): Histogram => instrument;
  readonly registerHistogramGroup: Metrics["registerHistogramGroup"] = (): HistogramGroup => instrument;
  readonly registerSummary: Metrics["registerSummary"] = (): Summary => instrument;
  readonly registerSummaryGroup: Metrics["registerSummaryGroup"] = (): SummaryGroup => instrument;

  traceFunction<F>(_name: string, fn: F): F {
    return fn;
  }

  createTrace(): void {}
}

/**
 * Watches `send` and the dispatch of `message` events. A listener of its own would not do: a stream with any listener
 * hands its data out, and what arrives before the consumer listens would be lost.
 */
function count(stream: MessageStream, total: TrafficCount): void {
  const send = stream.send.bind(stream);
  stream.send = (data) => {
    total.sent += data.byteLength;
    return send(data);
  };
  const dispatch = stream.dispatchEvent.bind(stream);
  stream.dispatchEvent = (event) => {
    if (
      event.type === "message" &&
      "data" in event &&
      event.data !== null &&
      typeof event.data === "object"
    ) {
      if ("byteLength" in event.data && typeof event.data.byteLength === "number") {
        total.received += event.data.byteLength;
      }
    }
    return dispatch(event);
  };
}
