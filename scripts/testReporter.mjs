/** How many of the slowest files are named. */
const NAMED = 8;
/**
 * Reasons of skipped tests that an installation would mend; others stay: another system, files that are not at hand.
 */
const INSTALLABLE = /not installed/;
/** What Node's runner gives as the reason where `--test-name-pattern` left a test out. */
const OTHER_NAME = 'test name does not match pattern';

/**
 * Seconds per file, and why tests were skipped. Where CI is set, one that was skipped for want of something that can be
 * installed fails the run. So does, anywhere, a pattern that fits no test's name.
 */
export default async function* report(events) {
  const seconds = new Map();
  const skipped = new Map();
  let ran = 0;
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (typeof data.skip === 'string') skipped.set(data.skip, (skipped.get(data.skip) ?? 0) + 1);
    else ran++;
    if (data.nesting === 0 && data.file)
      seconds.set(data.file, (seconds.get(data.file) ?? 0) + data.details.duration_ms / 1000);
  }
  const slowest = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, NAMED);
  yield `slowest files: ${slowest.map(([file, s]) => `${short(file)} ${s.toFixed(1)} s`).join(', ')}\n`;
  for (const [reason, count] of skipped) yield `skipped ${count === 1 ? 'a test' : `${count} tests`}: ${reason}\n`;
  if (ran === 0 && skipped.has(OTHER_NAME)) {
    yield 'No test ran: the pattern fits no name.\n';
    process.exitCode = 1;
  }
  const installable = [...skipped.keys()].some((reason) => INSTALLABLE.test(reason));
  if (!installable || !process.env.CI) return;
  yield 'CI installs what tests need, so a test that was skipped for want of it fails the run.\n';
  process.exitCode = 1;
}

function short(file) {
  return file.replace(/^.*[\\/]test[\\/]/, '');
}
