import tseslint from 'typescript-eslint';

/** Design §3: imports run downwards only. Each folder names what it may not import, with the reason. */
const above = {
  bytes: ['onnx', 'graph', 'adapt', 'verify', 'node', 'vscode', 'protocol'],
  onnx: ['graph', 'adapt', 'verify', 'node', 'vscode', 'protocol'],
  graph: ['adapt', 'verify', 'node', 'vscode', 'protocol'],
  adapt: ['verify', 'node', 'vscode', 'protocol'],
  verify: ['node', 'vscode', 'protocol'],
  protocol: ['bytes', 'onnx', 'graph', 'adapt', 'verify', 'node', 'vscode'],
  node: ['vscode'],
};

const fence = (folders, message) => ({ group: folders.flatMap((f) => [`**/${f}/**`]), message });
const nodeOnly = {
  regex: '^(node:|fs$|path$|os$|child_process$|worker_threads$)',
  message: 'The core runs in a browser too; only src/node, src/vscode and the entry points use Node.',
};
const noVscode = { name: 'vscode', message: "Only src/vscode and src/extension.ts import 'vscode'." };
const noRuntime = {
  group: ['onnxruntime-web', 'onnxruntime-web/*'],
  message: 'Only src/verify/session.ts imports the runtime.',
};

function layer(name) {
  const core = name !== 'node';
  return {
    files: [`src/${name}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [noVscode],
          patterns: [
            fence(above[name], `src/${name} lies below these folders; imports run downwards only (README, "Map").`),
            ...(core ? [nodeOnly] : []),
            noRuntime,
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', '.vscode-test/', 'samples/', 'test-results/', 'node_modules/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }],
    },
  },
  ...Object.keys(above).map(layer),
  {
    files: ['src/verify/session.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [noVscode], patterns: [fence(above.verify, 'src/verify lies below these folders.'), nodeOnly] },
      ],
    },
  },
  {
    files: ['src/vscode/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            fence(
              ['bytes', 'graph', 'adapt', 'verify'],
              'The extension host asks the worker; it does no model work itself.',
            ),
            { regex: '^(node:)?fs(/|$)', message: 'Only src/node touches files.' },
          ],
        },
      ],
    },
  },
  {
    files: ['webview-ui/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [noVscode],
          patterns: [
            nodeOnly,
            { regex: 'src/(?!protocol/)', message: 'The page imports src/protocol and nothing else of src.' },
          ],
        },
      ],
    },
  },
  { files: ['**/*.mjs', '**/*.cjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
);
