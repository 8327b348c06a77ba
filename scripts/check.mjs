import { main, runNode, step } from './step.mjs';

/** Formatting, types of each environment, then the lint rules (the rooms and which may import which among them). */
export async function check() {
  await step('Formatting', () =>
    runNode('prettier', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']),
  );
  for (const project of ['tsconfig.json', 'tsconfig.node.json', 'webview-ui/tsconfig.json', 'test/e2e/tsconfig.json']) {
    await step(`Types of ${project}`, () => runNode('tsc', ['node_modules/typescript/bin/tsc', '-p', project]));
  }
  await step('Lint', () => runNode('eslint', ['node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.']));
}

if (process.argv[1]?.endsWith('check.mjs')) await main(check);
