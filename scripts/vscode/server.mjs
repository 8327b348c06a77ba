import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { SERVER_NODE, getServerBuild } from './serverBuild.mjs';

/** Where a server shows a folder, a path or a URI, without VS Code's own first page. */
export function windowUrl(serverUrl, folder) {
  return `${serverUrl}/?${new URLSearchParams({ folder, payload: JSON.stringify([['skipWelcome', 'true']]) })}`;
}

/**
 * Starts VS Code on a free port of 127.0.0.1 with data folders of its own.
 * @param {{ extensions?: string[], unpacked?: string[], port?: number, trusted?: boolean, suites?: boolean, logFile?: string | null }} options
 * `extensions` are VSIX files to install first, `unpacked` folders of extensions; `trusted` opens every folder without
 * asking, `suites` lets a window name a suite for its extension host, and shows no notifications. `stop()` ends the
 * server and all that it started, and removes the data.
 */
export async function startServer(options = {}) {
  const { extensions = [], unpacked = [], port = 0, trusted = false, suites = false, logFile = null } = options;
  const build = await getServerBuild();
  const data = mkdtempSync(join(tmpdir(), 'channelwise-vscode-'));
  const folders = ['--server-data-dir', join(data, 'data'), '--extensions-dir', join(data, 'extensions')];
  const main = join(build, 'out', 'server-main.js');
  // What a login shell would set matters to nobody here, and asking it takes seconds.
  const quiet = ['--disable-telemetry', '--force-disable-user-env'];
  const common = [main, '--accept-server-license-terms', ...quiet, ...folders];
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
    ...(suites ? ['--enable-smoke-test-driver'] : []),
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
  return spawn(SERVER_NODE, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32', env });
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
    const child = spawn(SERVER_NODE, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
