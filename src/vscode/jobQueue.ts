import { cancelled } from '../bytes/cancel.ts';

/** Lets a few pieces of work run at a time. The others wait, in the order they came; a cancel leaves the line. */
export class JobQueue {
  private readonly width: number;
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(width: number) {
    this.width = width;
  }

  /**
   * Gives what the work gives. Rejects with `cancelled` where the signal comes before its turn; the work is not started
   * then.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.turn(signal);
    try {
      return await work();
    } finally {
      this.running--;
      this.next();
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', leave);
        this.running++;
        resolve();
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(start), 1);
        reject(cancelled());
      };
      if (signal?.aborted) return reject(cancelled());
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.push(start);
      this.next();
    });
  }

  private next(): void {
    while (this.running < this.width) {
      const start = this.waiting.shift();
      if (!start) return;
      start();
    }
  }
}
