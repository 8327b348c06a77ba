import { join } from 'node:path';
import { runTests, testFiles } from './nodeTests.mjs';
import { main, root } from './step.mjs';

/** Files that share a process, which takes as long to start as one of their tests to run. */
const PER_PROCESS = 4;

const WITH_VSCODE = /(?:person\w*|web)\.test\.ts$/;

/** Those that need the packaged extension and a VS Code; all others in their folder drive the page alone. */
export function personTests() {
  return testFiles('test/e2e').filter((file) => WITH_VSCODE.test(file));
}

/** Runs the given tests of the page or, without any, all. They share one page script; `held` is that of `run`. */
export async function pageTests(args = [], { held = false } = {}) {
  const { bundlePage } = await import('../webview-ui/build.mjs');
  const script = join(root, 'test-results', 'page', 'page.js');
  await bundlePage({ outfile: script, minify: false });
  const given = args.filter((a) => !a.startsWith('-'));
  const options = args.filter((a) => a.startsWith('-'));
  const files = given.length > 0 ? given : testFiles('test/e2e').filter((file) => !WITH_VSCODE.test(file));
  const env = { CHANNELWISE_PAGE: script };
  await runTests('Page tests', files, { options, held, env, perProcess: PER_PROCESS });
}

if (process.argv[1]?.endsWith('pages.mjs')) await main(() => pageTests(process.argv.slice(2)));
