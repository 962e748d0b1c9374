export { BoundedQueues } from "./bounded_queues.js";
export { CertificateSoundness } from "./certificate_soundness.js";
export { ExactlyOnce } from "./exactly_once.js";
export { LinearReads } from "./linear_reads.js";
export { LinearSettings } from "./linear_settings.js";
export { MonotonicVersions } from "./monotonic_versions.js";
export type { AppliedFact, NodeView, Observer } from "./observer.js";
export { OneVersionPerHeight } from "./one_version_per_height.js";
export { SameHistory } from "./same_history.js";
