import type Mocha from 'mocha';
import { endThreads, prepareThreads } from './workspace.ts';

/**
 * Runs what every host can run in any workspace, then `more`. Rejects when a test fails. `host` names where in the line
 * that counts.
 */
export async function runSuites(host: string, mocha: Mocha, more: () => Promise<unknown>): Promise<void> {
  mocha.suite.emit('pre-require', globalThis, 'channelwise', mocha);
  await prepareThreads();
  mocha.suite.afterAll(endThreads);
  await import('./extension.test.ts');
  await import('./views.test.ts');
  await import('./weights.test.ts');
  await import('./elsewhere.test.ts');
  await import('./actions.test.ts');
  await import('./tools.test.ts');
  await more();
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) => {
      console.log(`extension-host (${host}): ${runner.stats?.passes ?? 0} passed, ${failures} failed`);
      if (failures) reject(new Error(`${failures} tests failed`));
      else resolve();
    });
  });
}

/** What is the same in any workspace: file systems of its own, and names. */
export async function inAnyWorkspace(): Promise<void> {
  await import('./names.test.ts');
  await import('./virtual.test.ts');
  await import('./faults.test.ts');
}
