import { main, runNode, step } from './step.mjs';

/** What was right last time is not looked at again until it changes. A fresh clone has no cache. */
const CACHE_FOLDER = 'node_modules/.cache/channelwise';

/** The types of a thousand files, and what lint rules ask of them; Node's own limit on a machine of 8 GB is 2 GB. */
const HEAP_MB = 4096;

async function formatting() {
  const cache = ['--cache', '--cache-location', `${CACHE_FOLDER}/prettier.json`];
  await step('Formatting', () =>
    runNode('prettier', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', ...cache, '.']),
  );
}

/** In one process of their own, so that lint rules ask for types that are known already. */
async function typesAndLint() {
  await runNode('Types and lint', [`--max-old-space-size=${HEAP_MB}`, 'scripts/typesAndLint.mjs', CACHE_FOLDER]);
}

/**
 * Formatting, beside it the types of each environment and lint rules (the rooms, and which may import which, among
 * them).
 */
export async function check() {
  await Promise.all([formatting(), typesAndLint()]);
}

if (process.argv[1]?.endsWith('check.mjs')) await main(check);
