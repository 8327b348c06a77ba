import { evaluateFolder } from '../../src/jobs/evaluate.ts';
import { verifyFiles } from '../../src/jobs/verify.ts';
import { configureRuntime } from '../../src/verify/session.ts';
import { time } from './measure.ts';

/** Evaluates and verifies with a number of threads, in a process of its own: the runtime takes it once. Prints ms. */
const [threads = '1', original = '', adapted = '', pictures = ''] = process.argv.slice(2);
configureRuntime({ threads: Number(threads) });
const evaluating = await time(() => evaluateFolder(original, adapted, pictures));
const verifying = await time(() => verifyFiles(original, adapted, { full: true, seed: 1 }));
console.log(JSON.stringify({ evaluating, verifying }));
