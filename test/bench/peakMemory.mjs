import { readFileSync } from 'node:fs';

/**
 * KiB of memory that this program held at most. On Linux `maxRSS` begins with what the program that started this one
 * held.
 */
function peak() {
  try {
    const own = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (own !== undefined) return Number(own);
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS;
}

/** Loaded before a program, says at its end how much it held. */
process.on('exit', () => console.error(`peak ${peak()}`));
