import type Mocha from 'mocha';
import 'mocha/mocha.js';
import { PATIENCE_MS } from '../../scripts/patience.mjs';
import { inAnyWorkspace, runSuites } from './suites.ts';

/** Mocha's build for browsers is no module: it leaves this behind. */
declare const mocha: Mocha & { setup(options: Mocha.MochaOptions): void };

/** The entry that VS Code calls inside its extension host, where that is a browser's worker. */
export async function run(): Promise<void> {
  mocha.setup({ ui: 'bdd', timeout: PATIENCE_MS, reporter: 'spec' });
  await runSuites('browser', mocha, inAnyWorkspace);
}
