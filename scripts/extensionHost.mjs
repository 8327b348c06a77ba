import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { launchBrowser } from './browser.mjs';
import { bundleTests } from './bundleTests.mjs';
import { runHostSuite } from './vscode/hostSuite.mjs';
import { main, root, runNode, sideBySide, step } from './step.mjs';
import { startServer } from './vscode/server.mjs';
import { startWebHost } from './vscode/webHost.mjs';

// Runs the suite inside the extension host: in Node's, of the server build, on a folder of the disk and on one that an
// extension holds in memory; and in a browser's, on the latter. With --electron in a downloaded desktop VS Code, on the
// disk.

/** The folder that the test extension holds. */
const IN_MEMORY = 'channelwise-memory:/models';
const SUITE = ['dist', 'test', 'vscode.cjs'];

/** In Node's extension host of the server build. */
async function onServer({ browser, folder, unpacked = [], log }) {
  // A suite does not start in a folder that is not trusted, and nobody is there to be asked.
  const server = await startServer({ trusted: true, suites: true, unpacked });
  const remote = (path) => `vscode-remote://${server.authority}${path}`;
  try {
    await runHostSuite({
      browser,
      log,
      folder,
      url: server.url,
      extensions: [remote(root)],
      suite: remote(join(root, ...SUITE)),
    });
  } finally {
    await server.stop();
  }
}

/** In the browser's extension host, a web worker. */
async function inBrowser({ browser, memory, log }) {
  const host = await startWebHost({ extensions: [root, memory], suites: true });
  try {
    await runHostSuite({
      browser,
      log,
      folder: IN_MEMORY,
      url: host.url,
      extensions: [`${host.url}/extension0`],
      suite: `${host.url}/extension0/dist/test/web/suite.cjs`,
    });
  } finally {
    await host.stop();
  }
}

async function inElectron(workspace) {
  const code = await runTests({
    version: 'stable',
    extensionDevelopmentPath: root,
    extensionTestsPath: join(root, ...SUITE),
    launchArgs: [workspace, '--disable-extensions'],
  });
  if (code !== 0) throw new Error(`The suite failed (exit code ${code}).`);
}

/** Where the suite runs, by what `--only=` calls it. */
const PLACES = {
  desktop: ({ workspace, ...run }) => onServer({ ...run, folder: workspace }),
  memory: ({ memory, ...run }) => onServer({ ...run, folder: IN_MEMORY, unpacked: [memory] }),
  browser: inBrowser,
};

/** The places that `--only=` names, or all. */
function placesAsked() {
  const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length);
  if (only === undefined) return Object.keys(PLACES);
  if (!Object.hasOwn(PLACES, only)) throw new Error(`--only= takes ${Object.keys(PLACES).join(', ')}, not ${only}.`);
  return [only];
}

/** Runs the suite in one place. What it prints comes in one piece, as others run beside it. */
async function runIn(place, options) {
  const lines = [];
  const label = `Suite in the extension host (${place})`;
  try {
    await step(label, () => PLACES[place]({ ...options, log: (line) => lines.push(line) }));
  } catch (error) {
    throw new Error(`${label}: ${error.message}`, { cause: error });
  } finally {
    console.log(lines.join('\n'));
  }
}

async function runEverywhere(folders) {
  const places = placesAsked();
  const browser = await launchBrowser();
  try {
    await sideBySide(...places.map((place) => () => runIn(place, { ...folders, browser })));
  } finally {
    await browser.close();
  }
}

/** Writes what the suite opens: a folder on the disk, and an extension that holds one. */
async function writeFixtures({ workspace, memory }) {
  const { bundles, removeBundles } = await bundleTests(['test/fixtures/writeSuiteFiles.ts']);
  try {
    await runNode('Fixtures', [...bundles, workspace, memory]);
  } finally {
    removeBundles();
  }
}

await main(async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'channelwise-suite-'));
  const folders = { workspace: join(scratch, 'workspace'), memory: join(scratch, 'memory') };
  try {
    await writeFixtures(folders);
    if (process.argv.includes('--electron')) await inElectron(folders.workspace);
    else await runEverywhere(folders);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
