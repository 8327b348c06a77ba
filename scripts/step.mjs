import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's folder, without a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** Says what happens next, so that nobody looks at a silent terminal. */
export function say(text) {
  console.log(`[channelwise] ${text}`);
}

/**
 * Runs a program with the terminal's own output and waits for it. Rejects when it fails, with the label.
 * npm is a script on Windows and needs a shell there; the arguments are ours, never a user's.
 */
export function run(label, command, args, { cwd = root, env = {} } = {}) {
  const { promise, resolve, reject } = deferred();
  const shell = process.platform === 'win32' && command === 'npm';
  const child = spawn(command, args, { cwd, shell, stdio: 'inherit', env: { ...process.env, ...env } });
  child.on('error', (error) => reject(new Error(`${label}: could not start ${command} (${error.message}).`)));
  child.on('exit', (code, signal) => {
    if (code === 0) resolve();
    else reject(new Error(`${label} failed (${signal ? `signal ${signal}` : `exit code ${code}`}).`));
  });
  return promise;
}

export function runNode(label, args, options) {
  return run(label, process.execPath, args, options);
}

/** One named step of a longer run: says its name before and its time after. */
export async function step(label, work) {
  say(`${label} …`);
  const start = Date.now();
  const result = await work();
  say(`${label}: done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/** Ends the process with one line for a failure that was foreseen. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(`[channelwise] ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
