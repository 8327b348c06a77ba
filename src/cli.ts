import { ChannelwiseError } from './bytes/errors.ts';
import { runVerb, VERBS, type Output } from './cli/commandLine.ts';
import { useBundledRuntime } from './files/runtimeFiles.ts';

useBundledRuntime(import.meta.url);
const controller = new AbortController();
const argv = process.argv.slice(2);
// Ctrl+C, `kill` and a terminal that closes leave no temporary file behind; the second one ends the process at once. What writes nothing
// ends at the first: ONNX Runtime can't be interrupted, and would make the signal wait.
if (VERBS[argv[0] ?? '']?.writes)
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
// A reader that has seen enough, such as `head`, closes the pipe; verbs print when their work is done, so nothing is lost. A file may find no room.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') output.error(`The output could not be written (${error.code ?? error.message}).`);
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});
// Whoever reads no errors still gets the exit code.
process.stderr.on('error', () => undefined);
const output: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
};

try {
  process.exitCode = await runVerb(argv, output, controller.signal);
} catch (error) {
  const known = error instanceof ChannelwiseError;
  output.error(
    known
      ? error.message.replace(/\s*\n\s*/g, ' ')
      : `Internal error: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = known ? 2 : 1;
}
