import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FUZZ_KINDS, isFuzzKind } from './kinds.ts';
import { runFuzz } from './run.ts';

/**
 * `npm run fuzz -- --seconds 60 --seed 1`: mutated models through scan, decode, shapes, plan and edits. Inputs that
 * fail are saved under test/fixtures/fuzz and from then on checked by the unit tests. `--from N` begins at input N,
 * `--inputs N` ends after N, `--kind torch`, `safetensors` and `keras` take such files in place of ONNX models, `--kind
 * verbs` puts models through every verb of the command line.
 */
const FAILED = fileURLToPath(new URL('../fixtures/fuzz', import.meta.url));

function option(name: string): number | undefined {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return undefined;
  const value = Number(process.argv[at + 1]);
  if (!Number.isFinite(value)) throw new Error(`--${name} needs a number.`);
  return value;
}

const seed = option('seed') ?? 1;
const inputs = option('inputs');
const seconds = option('seconds') ?? (inputs === undefined ? 60 : undefined);
const kindAt = process.argv.indexOf('--kind');
const kind = kindAt < 0 ? 'onnx' : (process.argv[kindAt + 1] ?? '');
if (!isFuzzKind(kind)) throw new Error(`--kind takes ${Object.keys(FUZZ_KINDS).join(' or ')}.`);
const { input, ending } = FUZZ_KINDS[kind]();
const report = await runFuzz({
  kind,
  seed,
  first: option('from') ?? 0,
  ...(inputs === undefined ? {} : { inputs }),
  ...(seconds === undefined ? {} : { seconds }),
  onFailure: ({ index, what }) => {
    const bytes = input(seed, index);
    const file = join(FAILED, `${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}${ending}`);
    mkdirSync(FAILED, { recursive: true });
    writeFileSync(file, bytes);
    console.error(`seed ${seed}, input ${index}, ${bytes.length} bytes, saved as ${file}\n${what}\n`);
  },
});
console.log(JSON.stringify({ kind, seed, ...report, failures: report.failures.length }, null, 2));
process.exitCode = report.failures.length ? 1 : 0;
