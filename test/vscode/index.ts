import Mocha from 'mocha';
import { PATIENCE_MS } from '../../scripts/patience.mjs';
import { folder } from './files.ts';
import { inAnyWorkspace, runSuites } from './suites.ts';

/** The entry that VS Code calls inside its extension host, where that is a process of Node. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: PATIENCE_MS, reporter: 'spec' });
  if (folder().scheme !== 'file') return runSuites('Node, on no disk', mocha, () => Promise.resolve());
  return runSuites('Node', mocha, async () => {
    await inAnyWorkspace();
    await import('./onDisk.test.ts');
  });
}
