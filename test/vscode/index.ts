import Mocha from 'mocha';

/** The entry that VS Code calls inside its extension host. Rejects when a test fails. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'spec' });
  mocha.suite.emit('pre-require', globalThis, 'channelwise', mocha);
  await import('./extension.test.ts');
  await import('./views.test.ts');
  await import('./weights.test.ts');
  await import('./elsewhere.test.ts');
  await import('./virtual.test.ts');
  await import('./actions.test.ts');
  await import('./names.test.ts');
  await import('./tools.test.ts');
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) => {
      console.log(`extension-host: ${runner.stats?.passes ?? 0} passed, ${failures} failed`);
      if (failures) reject(new Error(`${failures} tests failed`));
      else resolve();
    });
  });
}
