import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, runNode, say, step } from './step.mjs';
import { startServer } from './vscodeServer.mjs';

function hasDesktopCode() {
  return spawnSync('code', ['--version'], { stdio: 'ignore', shell: process.platform === 'win32' }).status === 0;
}

/** Opens VS Code on a folder of sample models with the extension running. */
await main(async () => {
  await ensureInstalled();
  await step('Build', () => runNode('Build', ['scripts/build.mjs']));
  const samples = join(root, 'samples');
  await step('Prepare the sample models in samples/', () =>
    runNode('Samples', ['--import', 'tsx', 'test/fixtures/writeSamples.ts', samples]),
  );
  if (hasDesktopCode()) {
    say('Opening the desktop VS Code.');
    spawnSync('code', [`--extensionDevelopmentPath=${root}`, samples], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    return;
  }
  const server = await startServer();
  const payload = [
    ['extensionDevelopmentPath', `vscode-remote://${server.authority}${root}`],
    ['skipWelcome', 'true'],
  ];
  const query = new URLSearchParams({ folder: samples, payload: JSON.stringify(payload) });
  say('There is no `code` on the PATH, so VS Code runs as a server here. Open this address in a browser:');
  console.log(`\n    ${server.url}/?${query}\n`);
  say('Right-click a model in the Explorer and choose Convert to Grayscale. Ctrl+C ends.');
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.stop();
});
