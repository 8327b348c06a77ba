import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, runNode, say, step } from './step.mjs';

const README = 'dist/README.md';

/** VS Code shows no picture of a package that names no repository, unless the picture is in the text itself. */
function writeReadme() {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  writeFileSync(
    join(root, README),
    text.replace(
      /\]\((media\/[^)]+\.webp)\)/g,
      (_, path) => `](data:image/webp;base64,${readFileSync(join(root, path)).toString('base64')})`,
    ),
  );
}

/** Builds and packs the extension; everything it needs is bundled, so the package holds no node_modules. */
export async function packageExtension() {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const file = `${name}-${version}.vsix`;
  await step('Build', () => runNode('Build', ['scripts/build.mjs']));
  writeReadme();
  await step(`Package ${file}`, () =>
    runNode('vsce', [
      'node_modules/@vscode/vsce/vsce',
      'package',
      '--no-dependencies',
      '--allow-missing-repository',
      '--no-rewrite-relative-links',
      '--readme-path',
      README,
      '--out',
      file,
    ]),
  );
  return join(root, file);
}

if (process.argv[1]?.endsWith('package.mjs'))
  await main(async () => {
    await ensureInstalled();
    say(`wrote ${await packageExtension()}`);
  });
