import { main, runNode, step } from './step.mjs';

/** What was right last time is not looked at again until it changes. A fresh clone has no cache. */
const CACHE_FOLDER = 'node_modules/.cache/channelwise';

function cache(tool) {
  return ['--cache', '--cache-location', `${CACHE_FOLDER}/${tool}.json`];
}

function buildInfo(project) {
  return `${CACHE_FOLDER}/${project.replaceAll('/', '-')}.tsbuildinfo`;
}

async function formatting() {
  await step('Formatting', () =>
    runNode('prettier', [
      'node_modules/prettier/bin/prettier.cjs',
      '--check',
      '--log-level=warn',
      ...cache('prettier'),
      '.',
    ]),
  );
}

async function types() {
  for (const project of ['tsconfig.json', 'tsconfig.node.json', 'webview-ui/tsconfig.json', 'test/e2e/tsconfig.json']) {
    await step(`Types of ${project}`, () =>
      runNode('tsc', [
        'node_modules/typescript/bin/tsc',
        '-p',
        project,
        '--incremental',
        '--tsBuildInfoFile',
        buildInfo(project),
      ]),
    );
  }
}

async function lint() {
  await step('Lint', () =>
    runNode('eslint', ['node_modules/eslint/bin/eslint.js', '--max-warnings=0', ...cache('eslint'), '.']),
  );
}

/**
 * Formatting and lint rules (the rooms, and which may import which, among them), beside them the types of each
 * environment.
 */
export async function check() {
  await Promise.all([formatting().then(lint), types()]);
}

if (process.argv[1]?.endsWith('check.mjs')) await main(check);
