import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's folder, without a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** Says what happens next, so that nobody looks at a silent terminal. */
export function say(text) {
  console.log(`[channelwise] ${text}`);
}

/**
 * Runs a program and waits for it. Rejects when it fails, with the label. It writes to the terminal itself, or with
 * `held` all at once at its end, so that two which run side by side don't mix their lines.
 * npm is a script on Windows and needs a shell there; the arguments are ours, never a user's.
 */
export function run(label, command, args, { cwd = root, env = {}, held = false } = {}) {
  const { promise, resolve, reject } = deferred();
  const shell = process.platform === 'win32' && command === 'npm';
  const stdio = held ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(command, args, { cwd, shell, stdio, env: { ...process.env, ...env } });
  const output = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  child.on('error', (error) => reject(new Error(`${label}: could not start ${command} (${error.message}).`)));
  child.on('close', (code, signal) => {
    process.stdout.write(Buffer.concat(output));
    if (code === 0) resolve();
    else reject(new Error(`${label} failed (${signal ? `signal ${signal}` : `exit code ${code}`}).`));
  });
  return promise;
}

/** Runs a script of Node. Rejects where it exits with another code than 0. */
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

/** Waits for work that goes on side by side, all of it, also where a part fails. Rejects with all that failed. */
export async function sideBySide(...works) {
  const results = await Promise.allSettled(works.map((work) => work()));
  const failures = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join(' '));
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
