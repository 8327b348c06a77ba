import { checkCancelled } from './cancel.ts';

/** Work goes on at most this long before other work gets its turn. */
const TURN_MILLISECONDS = 30;

/** Long work asks `breathe` between its steps: other work gets its turn, and a cancel is noticed. */
export class Turns {
  private turnStart = Date.now();
  private readonly signal: AbortSignal | undefined;

  constructor(signal?: AbortSignal) {
    this.signal = signal;
  }

  /** Lets other work have its turn where this one took its time. Throws `cancelled`. */
  async breathe(): Promise<void> {
    this.checkCancelled();
    if (Date.now() - this.turnStart < TURN_MILLISECONDS) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    this.turnStart = Date.now();
    this.checkCancelled();
  }

  /** Throws `cancelled` where the user has stopped the work, without a turn for other work. */
  checkCancelled(): void {
    checkCancelled(this.signal);
  }
}
