import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { runVerb } from '../../../src/cli/commandLine.ts';
import { shownLine } from '../../../src/cli/print.ts';
import type { Random } from '../../fixtures/random.ts';
import { verifyInThread } from '../../fixtures/verifyThread.ts';

/** Success, a clear refusal, and models that are not the same. */
const CODES = [0, 2, 3];
/** Controls but the line break, C1, and what turns the direction of a text: a terminal obeys them. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const LONGEST_LINE = 4100;
/** A model may run for ever; this long a proof is waited for. */
const VERIFY_MILLISECONDS = 15_000;

/**
 * Puts one input through every verb of the command line. Throws where one ends in anything but success or a clear
 * refusal, or prints what a terminal obeys or a line without end. Whoever runs the inputs bounds time and memory of all
 * verbs together.
 */
export async function checkVerbs(bytes: Uint8Array, random: Random): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-fuzz-'));
  const [original, adapted] = [join(folder, 'a.onnx'), join(folder, 'b.onnx')];
  try {
    writeFileSync(original, bytes);
    const json = random.int(2) === 0 ? ['--json'] : [];
    const map = random.pick(['gray', 'bgr', 'bands:4', 'drop-alpha', 'rgb-from-gray']);
    const converted = await codeOf(['adapt', original, '--map', map, '-o', adapted, ...json]);
    const ended = [
      await codeOf(['inspect', original, ...json]),
      await codeOf(['shapes', original, '--bind', 'batch=2', ...json]),
      await codeOf(['gray', original, '--dry-run', ...json]),
      converted,
      await codeOf(['compare', original, converted === 0 ? adapted : original, ...json]),
    ];
    return converted === 0 ? `${ended.join(' ')} ${await verified(original, adapted)}` : ended.join(' ');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a proof in a thread, as the command line does: ONNX Runtime can't be interrupted, but its thread can be ended.
 */
async function verified(original: string, adapted: string): Promise<string> {
  const { worker, report } = verifyInThread({ original, adapted });
  const limit = new Promise<'limit'>((resolve) => {
    setTimeout(() => resolve('limit'), VERIFY_MILLISECONDS).unref();
  });
  const ended = report.then(
    (done) => done.verdict,
    (error: unknown) => refusalOf(error),
  );
  const outcome = await Promise.race([ended, limit]);
  await worker.terminate();
  return outcome;
}

/** An error loses its class on the way out of a thread, and keeps its kind. */
function refusalOf(error: unknown): string {
  const { kind, message } = error as { kind?: unknown; message?: unknown };
  assert.ok(typeof kind === 'string', `verify ended with ${String(message)}`);
  return kind;
}

async function codeOf(argv: readonly string[]): Promise<number> {
  const lines: string[] = [];
  const collect = (text: string): void => void lines.push(...text.split('\n'));
  let code: number;
  try {
    code = await runVerb(argv, { line: collect, error: collect }, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof ChannelwiseError)) throw error;
    collect(shownLine(error.message));
    code = 2;
  }
  assert.ok(CODES.includes(code), `${argv[0]} ended with ${code}`);
  for (const line of lines) {
    assert.ok(!OBEYED.test(line), `${argv[0]} printed ${JSON.stringify(line.slice(0, 200))}`);
    assert.ok(argv.includes('--json') || line.length <= LONGEST_LINE, `${argv[0]} printed a line of ${line.length}`);
  }
  return code;
}
