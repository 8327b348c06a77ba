import { main, runNode } from './step.mjs';

/** What was right last time is not looked at again until it changes. A fresh clone has no cache. */
export const CACHE_FOLDER = 'node_modules/.cache/channelwise';

/** Names the files that are formatted otherwise (`--check`), or formats them (`--write`). */
export function prettier(mode) {
  const cache = ['--cache', '--cache-location', `${CACHE_FOLDER}/prettier.json`];
  return runNode('Prettier', ['node_modules/prettier/bin/prettier.cjs', mode, '--log-level=warn', ...cache, '.']);
}

if (process.argv[1]?.endsWith('format.mjs')) await main(() => prettier('--write'));
