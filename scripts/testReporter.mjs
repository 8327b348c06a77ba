/** How many of the slowest files are named. */
const NAMED = 8;
/** Reasons of skipped tests that an installation would mend; others (another system, a right that root has) stay. */
const INSTALLABLE = /not installed/;

/**
 * Seconds per file, and what was skipped for want of something that can be installed: where CI is set, that fails the
 * run.
 */
export default async function* report(events) {
  const seconds = new Map();
  const missing = new Map();
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (typeof data.skip === 'string' && INSTALLABLE.test(data.skip))
      missing.set(data.skip, (missing.get(data.skip) ?? 0) + 1);
    if (data.nesting === 0 && data.file)
      seconds.set(data.file, (seconds.get(data.file) ?? 0) + data.details.duration_ms / 1000);
  }
  const slowest = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, NAMED);
  yield `slowest files: ${slowest.map(([file, s]) => `${short(file)} ${s.toFixed(1)} s`).join(', ')}\n`;
  for (const [reason, count] of missing) yield `skipped ${count === 1 ? 'a test' : `${count} tests`}: ${reason}\n`;
  if (missing.size === 0 || !process.env.CI) return;
  yield 'CI installs what tests need, so a skipped test fails the run.\n';
  process.exitCode = 1;
}

function short(file) {
  return file.replace(/^.*[\\/]test[\\/]/, '');
}
