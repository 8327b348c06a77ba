import type { SaveHandle } from './saveFs.ts';

/**
 * Written data is flushed each time this much has come together, so that the disk works while the copy goes on and the
 * system never holds a write up to tidy its cache: 1 GB without any such flush took 3 to 5 times as long on ext4.
 */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** Flushes behind the copy, one flush at a time. A failed flush is thrown by the next call. */
export class Flusher {
  private readonly handle: SaveHandle;
  private waiting = 0;
  private failure: { error: unknown } | null = null;
  private running: Promise<void> | null = null;

  constructor(handle: SaveHandle) {
    this.handle = handle;
  }

  wrote(bytes: number): void {
    if (this.failure) throw this.failure.error;
    this.waiting += bytes;
    if (this.waiting < FLUSH_BYTES || this.running) return;
    this.waiting = 0;
    this.start(() => this.handle.flush());
  }

  /** Flushes what is left, with the file's size. */
  async finish(): Promise<void> {
    await this.idle();
    if (!this.failure) this.start(() => this.handle.sync());
    await this.idle();
    if (this.failure) throw (this.failure as { error: unknown }).error;
  }

  /** Settles when no flush is under way; never rejects. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private start(flush: () => Promise<void>): void {
    this.running = flush()
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => {
        this.running = null;
      });
  }
}
