/** Received messages until the node gets to them, bounded by count and bytes: Raft bears loss better than memory does. */
import type { Message } from "../raft/messages.js";

export class Inbox {
  private items: { message: Message; bytes: number }[] = [];
  private head = 0;
  private bytes = 0;
  dropped = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  get size(): number {
    return this.items.length - this.head;
  }

  push(message: Message, bytes: number): void {
    this.items.push({ message, bytes });
    this.bytes += bytes;
    while (this.size > 1 && (this.size > this.maxMessages || this.bytes > this.maxBytes)) {
      this.take();
      this.dropped++;
    }
  }

  take(): Message | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.head++;
    this.bytes -= item.bytes;
    if (this.head === this.items.length || this.head >= 1024) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item.message;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
    this.bytes = 0;
  }
}
