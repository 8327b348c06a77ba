import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, runNode, say, step } from './step.mjs';
import { writeStartFolder, writeStartSettings } from './vscode/startFolder.mjs';
import { startServer, windowUrl } from './vscode/server.mjs';

function hasDesktopCode() {
  return spawnSync('code', ['--version'], { stdio: 'ignore', shell: process.platform === 'win32' }).status === 0;
}

/** Serves VS Code with an extension, where nobody else's files are to be asked about. */
export function serveExtension(extension) {
  return startServer({ trusted: true, unpacked: [extension] });
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
  const server = await serveExtension(extension);
  say('There is no `code` on the PATH, so VS Code runs as a server here. Open this address in a browser:');
  console.log(`\n    ${windowUrl(server.url, samples)}\n`);
  say('The walkthrough leads on. Ctrl+C ends.');
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.stop();
}

if (process.argv[1]?.endsWith('start.mjs')) await main(start);
