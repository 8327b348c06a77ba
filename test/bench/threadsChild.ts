import { evaluateFolder } from '../../src/jobs/evaluate.ts';
import { nodeThread } from '../../src/jobs/threads/nodeThread.ts';
import { openInThread } from '../../src/jobs/threads/sessionThread.ts';
import { verifyFiles } from '../../src/jobs/verify.ts';
import { configureRuntime, type RuntimeConfig } from '../../src/verify/session.ts';
import { time } from './measure.ts';

/**
 * Evaluates and verifies with a number of threads, in a process of its own: the runtime takes it once. With more than
 * one, whole models run side by side in threads made from a bundle, as in the product. Prints ms.
 */
const [threads = '1', bundle = '', original = '', adapted = '', pictures = ''] = process.argv.slice(2);
const openBeside: RuntimeConfig['openBeside'] = (model) => openInThread(model, () => nodeThread(bundle));
configureRuntime({ threads: Number(threads), ...(Number(threads) > 1 && { openBeside }) });
// A thread that waits for work does not keep the process alive.
const alive = setInterval(() => undefined, 1000);
const evaluating = await time(() => evaluateFolder(original, adapted, pictures));
const verifying = await time(() => verifyFiles(original, adapted, { full: true, seed: 1 }));
console.log(JSON.stringify({ evaluating, verifying }));
clearInterval(alive);
