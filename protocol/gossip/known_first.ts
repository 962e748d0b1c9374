/**
 * A bounded map from authors, in two parts: those that this node knows (members of the swarm, connected peers) and
 * strangers. Whoever mints identities pushes out strangers only. Within a part the longest unused goes first.
 */
export class KnownFirst<T> {
  private readonly known = new Map<string, T>();
  private readonly strangers = new Map<string, T>();

  constructor(
    private readonly maxOfEach: number,
    private readonly isKnown: (author: string) => boolean,
  ) {}

  get(author: string): T | undefined {
    return this.known.get(author) ?? this.strangers.get(author);
  }

  /** Puts the author among the newest of the part that it belongs to by now. */
  set(author: string, value: T): void {
    this.known.delete(author);
    this.strangers.delete(author);
    const part = this.isKnown(author) ? this.known : this.strangers;
    part.set(author, value);
    if (part.size > this.maxOfEach) part.delete(part.keys().next().value as string);
  }
}
