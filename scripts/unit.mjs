import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runTests, testFiles } from './nodeTests.mjs';
import { main, root } from './step.mjs';

/**
 * Files that share a process: it starts and compiles our code and ONNX Runtime once for all, which takes more of a
 * processor than most files' own work. With more, a core would idle at the end while the other runs the last.
 */
const PER_PROCESS = 12;

/** What asks PyTorch stands first, in one process: importing torch takes longer than most files run. */
function torchFirst(files) {
  const asking = files.filter((file) => /torch(Python|Loaders)\(/.test(readFileSync(join(root, file), 'utf8')));
  return [...asking, ...files.filter((file) => !asking.includes(file))];
}

/** Runs the given unit test files or, without any, all. Options go to the test runner. */
export async function unitTests(args = []) {
  const given = args.filter((a) => !a.startsWith('-'));
  const options = args.filter((a) => a.startsWith('-'));
  // One more than processors, as some wait for a program that they started, or for the disk.
  const atATime = availableParallelism() + 1;
  const files = given.length > 0 ? given : torchFirst(testFiles('test/unit'));
  await runTests('Unit tests', files, { options, perProcess: PER_PROCESS, atATime });
}

if (process.argv[1]?.endsWith('unit.mjs')) await main(() => unitTests(process.argv.slice(2)));
