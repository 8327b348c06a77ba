import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, runNode, say, step } from './step.mjs';
import { writeStartFolder, writeStartSettings } from './vscode/startFolder.mjs';
import { startServer } from './vscode/server.mjs';

function hasDesktopCode() {
  return spawnSync('code', ['--version'], { stdio: 'ignore', shell: process.platform === 'win32' }).status === 0;
}

/** Where VS Code shows a folder with an extension that is being developed. */
export function developmentUrl(server, folder, extension) {
  const payload = JSON.stringify([
    ['extensionDevelopmentPath', `vscode-remote://${server.authority}${encodeURI(extension)}`],
    ['skipWelcome', 'true'],
  ]);
  return `${server.url}/?${new URLSearchParams({ folder, payload })}`;
}

/** Opens VS Code on a folder of sample models with the extension running. */
async function start() {
  await ensureInstalled();
  await step('Build', () => runNode('Build', ['scripts/build.mjs']));
  const samples = join(root, 'samples');
  await step('Prepare the sample models in samples/', () =>
    runNode('Samples', ['--import', 'tsx', 'test/fixtures/writeSamples.ts', samples]),
  );
  writeStartSettings(samples);
  const extension = writeStartFolder();
  if (hasDesktopCode()) {
    say('Opening the desktop VS Code.');
    spawnSync('code', [`--extensionDevelopmentPath=${extension}`, samples], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    return;
  }
  // Nobody else's files are there to be asked about.
  const server = await startServer({ trusted: true });
  say('There is no `code` on the PATH, so VS Code runs as a server here. Open this address in a browser:');
  console.log(`\n    ${developmentUrl(server, samples, extension)}\n`);
  say('The walkthrough leads on. Ctrl+C ends.');
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.stop();
}

if (process.argv[1]?.endsWith('start.mjs')) await main(start);
