import { Worker } from 'node:worker_threads';
import { Supervisor } from './cli/supervisor.ts';

// The thread does the work and loads what it needs; this one only watches, so that it starts in no time.
const thread = new URL(import.meta.url.replace(/cli(\.\w+)$/, 'cliThread$1'));
const argv = process.argv.slice(2);
const streams = {
  out: (text: string) => void process.stdout.write(`${text}\n`),
  error: (text: string) => void process.stderr.write(`${text}\n`),
};
const supervisor = new Supervisor(new Worker(thread, { argv }), streams, argv);

// Ctrl+C, `kill` and a terminal that closes leave no temporary file behind; the second one ends the process at once.
// What writes nothing ends at the first: ONNX Runtime can't be interrupted, and would make the signal wait.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => {
    if (supervisor.mayEnd) process.kill(process.pid, name);
    else supervisor.cancel();
  });
// A reader that has seen enough, such as `head`, closes the pipe; what is being written still gets finished. A file may
// find no room.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' && !supervisor.mayEnd) return;
  if (error.code !== 'EPIPE')
    process.stderr.write(`The output could not be written (${error.code ?? error.message}).\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});
// Whoever reads no errors still gets the exit code.
process.stderr.on('error', () => undefined);

process.exitCode = await supervisor.run();
