import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENDINGS } from '../src/formats/endings.ts';
import { FORMATS } from '../src/formats/table.ts';
import { main, root, run } from './step.mjs';

// Writes the endings of the formats into package.json: run it with `npm run manifest` after a change of
// src/formats/endings.ts or table.ts.

const endings = FORMATS.flatMap(({ id }) => ENDINGS[id].own);
const otherEndings = FORMATS.flatMap(({ id }) => ENDINGS[id].shared);
const allEndings = [...endings, ...otherEndings];
/** Of files whose graph can be run. */
const graphEndings = FORMATS.filter(({ holds }) => holds === 'graph').flatMap(({ id }) => ENDINGS[id].own);

function selector(all) {
  return all.map((ending) => ({ filenamePattern: `*${ending}` }));
}

function condition(all) {
  return `resourceFilename =~ /(?:${all.map((ending) => ending.replaceAll('.', '\\.')).join('|')})$/i && !explorerResourceIsFolder`;
}

await main(async () => {
  const path = join(root, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const { contributes } = manifest;
  const displayName = 'Channelwise Model Preview';
  contributes.customEditors = [
    { viewType: 'channelwise.model', displayName, selector: selector(endings), priority: 'default' },
    { viewType: 'channelwise.otherModel', displayName, selector: selector(otherEndings), priority: 'option' },
  ].filter((editor) => editor.selector.length > 0);
  for (const item of contributes.menus['explorer/context'])
    item.when = condition(item.command === 'channelwise.evaluate' ? graphEndings : allEndings);
  contributes.languages[0].extensions = endings;
  writeFileSync(path, JSON.stringify(manifest, null, 2));
  await run('prettier', process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', path]);
});
