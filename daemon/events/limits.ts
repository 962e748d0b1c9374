/** Every bound of the stream of events, in one place. */

export const EVENT_LIMITS = {
  /** Events kept for whoever comes late or again; a reader that has fallen behind the oldest is dropped. */
  eventsMax: 4096,
  /** … and at most so many bytes of them; the oldest go first. */
  eventsBytes: 4 * 1024 * 1024,
  /** Handed to one reader's connection at a time; the next part follows when that has taken it. */
  batchBytes: 64 * 1024,
  /** A reader that takes nothing for this long is told that it is too slow, and dropped. */
  blockedMs: 30_000,
  /** Readers that take nothing are looked for this often. */
  sweepMs: 5000,
  /** State that is not told as it changes (who is heard, progress, health) is compared this often. */
  sampleMs: 1000,
  /** Nodes in one `training_progress`; the training status has all. */
  progressNodes: 64,
  /** Versions whose votes are remembered, so that none is told twice; the oldest is forgotten first. */
  votedVersions: 32,
  /** Characters of a reason in an event; the rest is cut off. */
  reasonChars: 512,
  /** Names in one list of an event; the history and the lineage have all. */
  namesMax: 128,
} as const;
