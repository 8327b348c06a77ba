/**
 * How long a test waits for what has to happen, in milliseconds. It ends what hangs and judges no speed: machines differ
 * by a factor of five, and other work goes on beside.
 */
export const PATIENCE_MS = 180_000;
