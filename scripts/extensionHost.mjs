import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { main, root, runNode } from './step.mjs';

/**
 * Runs the suite inside the extension host: of the server build, or with --electron of a downloaded desktop VS Code.
 */
await main(async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'channelwise-suite-'));
  try {
    await runNode('Fixtures', ['--import', 'tsx', 'test/fixtures/writeWorkspace.ts', workspace]);
    const shim = join(root, 'scripts', 'electronShim.mjs');
    chmodSync(shim, 0o755);
    const code = await runTests({
      ...(process.argv.includes('--electron') ? { version: 'stable' } : { vscodeExecutablePath: shim }),
      extensionDevelopmentPath: root,
      extensionTestsPath: join(root, 'dist', 'test', 'vscode.cjs'),
      launchArgs: [workspace, '--disable-extensions'],
    });
    if (code !== 0) throw new Error(`The suite failed (exit code ${code}).`);
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
});
