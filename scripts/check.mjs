import { CACHE_FOLDER, prettier } from './format.mjs';
import { main, runNode, step } from './step.mjs';

/**
 * The environments that code runs in. Each is a project of its own, because each knows other names: no part of Node in
 * the core, no DOM in the extension.
 */
const PROJECTS = [
  'tsconfig.json',
  'tsconfig.core.json',
  'webview-ui/tsconfig.json',
  'test/e2e/tsconfig.json',
  'test/bench/tsconfig.json',
];

async function formatting() {
  await step('Formatting', async () => {
    try {
      await prettier('--check');
    } catch (error) {
      throw new Error(`${error.message} \`npm run format\` formats these files.`, { cause: error });
    }
  });
}

async function types() {
  await step('Types', async () => {
    for (const project of PROJECTS) {
      const cache = [
        '--incremental',
        '--tsBuildInfoFile',
        `${CACHE_FOLDER}/${project.replaceAll('/', '-')}.tsbuildinfo`,
      ];
      await runNode(`Types of ${project}`, ['node_modules/typescript/bin/tsc', '-p', project, ...cache]);
    }
  });
}

async function lint() {
  await step('Lint', () => runNode('oxlint', ['node_modules/oxlint/bin/oxlint', '--config', 'oxlint.config.mjs']));
}

/** Formatting, the types of each environment, and lint rules (the rooms, and which may import which, among them). */
export async function check() {
  await Promise.all([formatting(), types().then(lint)]);
}

if (process.argv[1]?.endsWith('check.mjs')) await main(check);
