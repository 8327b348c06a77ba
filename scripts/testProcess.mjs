import asyncHooks from 'node:async_hooks';
import { isMainThread } from 'node:worker_threads';

// Loaded before a test file.

/**
 * To tell in which test a stray error arose, Node's test runner watches every promise of the process, in the code under
 * test too, which can take more time than that code. It asks for its hook when it is first imported, and gets one that
 * watches nothing: a stray error still fails the file, with its text, but no test. Suites don't work without it, and
 * lint refuses them.
 */
function watchNoPromises() {
  const { createHook } = asyncHooks;
  asyncHooks.createHook = () => {
    asyncHooks.createHook = createHook;
    const nothing = { enable: () => nothing, disable: () => nothing };
    return nothing;
  };
}

/** The tests behind a call of `process.exit` never run, and Node takes the file's exit code alone for its result. */
function failEarlyExit() {
  const { exit } = process;
  process.exit = (code) => {
    console.error(new Error('A test ended the process of its file.'));
    exit(code || 1);
  };
}

watchNoPromises();
if (isMainThread) failEarlyExit();
