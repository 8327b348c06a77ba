/**
 * The runtime's profile: one event for each run of a node, named after it, with its microseconds.
 * https://onnxruntime.ai/docs/performance/tune-performance/profiling-tools.html
 */
const KERNEL_TIME = '_kernel_time';

/**
 * Mean microseconds of each node's runs, by name, without the first `warmUp` runs of each. Lines that are no events are
 * passed over: the runtime writes one event a line.
 */
export function profileTimes(profile: string, warmUp: number): Map<string, number> {
  const times = new Map<string, number[]>();
  for (const line of profile.split('\n')) {
    const event = kernelEvent(line);
    if (!event) continue;
    const known = times.get(event.node);
    if (known) known.push(event.microseconds);
    else times.set(event.node, [event.microseconds]);
  }
  const means = new Map<string, number>();
  for (const [node, all] of times) {
    const counted = all.slice(warmUp);
    if (counted.length > 0) means.set(node, counted.reduce((sum, time) => sum + time, 0) / counted.length);
  }
  return means;
}

function kernelEvent(line: string): { node: string; microseconds: number } | null {
  const text = line.trim().replace(/,$/, '');
  if (!text.startsWith('{')) return null;
  let event: { name?: unknown; dur?: unknown };
  try {
    event = JSON.parse(text) as typeof event;
  } catch {
    return null;
  }
  const { name, dur } = event;
  if (typeof name !== 'string' || typeof dur !== 'number' || !name.endsWith(KERNEL_TIME)) return null;
  return { node: name.slice(0, -KERNEL_TIME.length), microseconds: dur };
}

/** The middle one of some numbers, or the mean of the middle two; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? NaN, sorted[Math.floor(middle)] ?? NaN];
  return (low + high) / 2;
}
