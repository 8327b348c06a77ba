export interface Run {
  start: number;
  period: number;
  times: number;
}

/** The longest block looked for, in nodes; a transformer's layer has 20 to 100. */
const MAX_PERIOD = 160;
/** A frame around three layers takes more room than it tells, but folds a large graph. */
const LEAST_PERIOD = { small: 4, large: 3 } as const;
const MIN_TIMES = 3;

/**
 * Finds stretches of a sequence that repeat one block of 160 entries at most three times or more. Blocks have 3 entries
 * at least, in a small graph 4. Runs don't overlap; sorted by start.
 */
export function repeatedBlocks(signature: readonly string[], graph: keyof typeof LEAST_PERIOD = 'large'): Run[] {
  const ids = new Map<string, number>();
  const s = Int32Array.from(signature, (text) => {
    let id = ids.get(text);
    if (id === undefined) ids.set(text, (id = ids.size));
    return id;
  });
  const found: (Run & { span: number })[] = [];
  for (let period: number = LEAST_PERIOD[graph]; period <= Math.min(MAX_PERIOD, s.length / MIN_TIMES); period++) {
    let same = 0;
    for (let i = 0; i + period <= s.length; i++) {
      if (i + period < s.length && s[i] === s[i + period]) same++;
      else {
        const times = Math.floor(same / period) + 1;
        if (times >= MIN_TIMES) found.push({ start: i - same, period, times, span: same + period });
        same = 0;
      }
    }
  }
  // The widest cover first; of equal ones the shorter block, which is the block itself and not two of it.
  found.sort((a, b) => b.span - a.span || a.period - b.period || a.start - b.start);
  const taken = new Uint8Array(s.length);
  const kept: Run[] = [];
  for (const { start, period, times } of found) {
    const run = { start, period, times };
    const block = s.subarray(run.start, run.start + run.period);
    if (taken[run.start] || taken[run.start + run.period * run.times - 1] || block.every((id) => id === block[0]))
      continue;
    taken.fill(1, run.start, run.start + run.period * run.times);
    kept.push(run);
  }
  return kept.sort((a, b) => a.start - b.start);
}
