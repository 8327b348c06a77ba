import tseslint from 'typescript-eslint';

/**
 * The rooms, from the bottom up: a room may import the rooms that stand before it, and nothing behind it.
 * README's map shows the same order. `protocol` imports `rpc` alone, and only the rooms that speak to the page import it.
 */
const ROOMS = [
  'text',
  'rpc',
  'bytes',
  'tensors',
  'formats',
  'graph',
  'adapt',
  'verify',
  'files',
  'jobs',
  'page',
  'cli',
  'vscode',
];
/** These rooms run in a browser too: no files, no Node, no DOM. */
const CORE = ['text', 'rpc', 'bytes', 'tensors', 'formats', 'graph', 'adapt', 'verify'];
/** And so do these, with files by the port of src/files (src/files/paths.ts names them). */
const OVER_PORT = ['files', 'jobs', 'page', 'vscode'];
/** What Node alone runs; the bundle for a browser takes the .web.ts twin, or does without. */
const NODE_ALONE = [
  'src/files/node/**',
  'src/files/save/**',
  'src/files/runtimeFiles.ts',
  'src/jobs/nodeRuntime.ts',
  'src/jobs/nodeThread.ts',
];
const ABOVE_RPC = ROOMS.filter((room) => room !== 'rpc');
const SPEAKS_TO_PAGE = ['page', 'cli', 'vscode'];
/** The host asks the worker; what it may import of the core is names and errors. */
const CLOSED_TO_HOST = ['formats', 'graph', 'adapt', 'verify'];

const noVscode = {
  name: 'vscode',
  message: "Only src/vscode, src/extension.ts and src/extensionWeb.ts import 'vscode'.",
};
const noNode = {
  regex: '^(node:|fs$|path$|os$|child_process$|worker_threads$)',
  message:
    'This runs in a browser too; only src/files/node, src/files/save, nodeThread.ts, src/cli and the entry points use Node.',
};
const noFiles = { regex: '^(node:)?fs(/|$)', message: 'Only src/files touches a file system.' };
const noRuntime = {
  group: ['onnxruntime-web', 'onnxruntime-web/*'],
  message: 'Only src/verify/session.ts imports the runtime.',
};

/** The page's own drawing serves the command line too; it is reached through one file. */
const noPage = { regex: 'webview-ui/', message: 'Only src/page/graphSvg.ts draws with the code of the page.' };

function fence(rooms, message) {
  return { regex: `^\\.\\./(.*/)?(${rooms.join('|')})/`, message };
}

function roomRules(room) {
  const above = ROOMS.slice(ROOMS.indexOf(room) + 1);
  const closed = room === 'vscode' ? CLOSED_TO_HOST : above;
  const message =
    room === 'vscode'
      ? 'The extension host asks the worker; it does no model work itself.'
      : `src/${room} lies below these rooms; imports run downwards only (README, "Map").`;
  const patterns = [];
  if (closed.length > 0) patterns.push(fence(closed, message));
  if (!SPEAKS_TO_PAGE.includes(room)) patterns.push(fence(['protocol'], 'The core does not know the page.'));
  if (CORE.includes(room) || OVER_PORT.includes(room)) patterns.push(noNode);
  if (!CORE.includes(room) && room !== 'files') patterns.push(noFiles);
  return { patterns, paths: room === 'vscode' ? [] : [noVscode] };
}

function roomConfig(room) {
  const { patterns, paths } = roomRules(room);
  return {
    files: [`src/${room}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { paths, patterns: [...patterns, noRuntime, noPage] }] },
  };
}

/** The same rooms without the fence around Node. */
function nodeConfig(room) {
  const { patterns, paths } = roomRules(room);
  const others = patterns.filter((pattern) => pattern !== noNode);
  return {
    files: NODE_ALONE.filter((glob) => glob.startsWith(`src/${room}/`)),
    ignores: ['**/*.web.ts'],
    rules: { 'no-restricted-imports': ['error', { paths, patterns: [...others, noRuntime] }] },
  };
}

/**
 * Names in a model, file names and errors are text from outside, and VS Code reads `[label](command:…)` and `$(icon)`
 * in most places that show text. Only src/vscode/window, which makes texts inert, speaks to those places.
 */
const SPEAKS = 'Only src/vscode/window shows texts; what comes from outside is made inert there (inertText.ts).';
const SILENT_WINDOW = ['tabGroups', 'registerCustomEditorProvider', 'registerUriHandler'];
const silentVscode = [
  `MemberExpression[object.object.name='vscode'][object.property.name='window']:not([property.name=/^(${SILENT_WINDOW.join('|')})$/])`,
  `:not(MemberExpression) > MemberExpression[object.name='vscode'][property.name='window']`,
  `MemberExpression[object.object.name='vscode'][object.property.name='window'][computed=true]`,
  `MemberExpression[object.name='vscode'][property.name=/^(MarkdownString|TreeItem|Diagnostic|NotebookCellOutputItem)$/]`,
  `MemberExpression[object.name='vscode'][computed=true]`,
  `VariableDeclarator[init.name='vscode']`,
  `ImportDeclaration[source.value='vscode'] > ImportSpecifier`,
  `ImportDeclaration[source.value='vscode'] > ImportNamespaceSpecifier:not([local.name='vscode'])`,
].map((selector) => ({ selector, message: SPEAKS }));

/**
 * The page, from the bottom up: components over state over drawing, graph, layout and texts. Of src it imports the
 * protocol, the calls, and the texts that both write alike.
 */
const PAGE_ROOMS = ['text', 'layout', 'graph', 'draw', 'state', 'components'];
const pageOnly = [
  noNode,
  {
    regex: 'src/(?!(protocol|rpc|text)/)',
    message: 'The page imports src/protocol, src/rpc and src/text and nothing else of src.',
  },
];

function pageConfig(room) {
  const above = PAGE_ROOMS.slice(PAGE_ROOMS.indexOf(room) + 1);
  const patterns = [...pageOnly];
  if (above.length > 0)
    patterns.push(fence(above, `webview-ui/${room} lies below these folders; imports run downwards only.`));
  return {
    files: [`webview-ui/${room}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { paths: [noVscode], patterns }] },
  };
}

const readable = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
  '@typescript-eslint/no-floating-promises': [
    'error',
    { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' }] },
  ],
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'no-nested-ternary': 'error',
  'max-params': ['error', 4],
  complexity: ['error', 20],
  'max-lines': ['error', { max: 400 }],
};

export default tseslint.config(
  { ignores: ['dist/', '.vscode-test/', 'samples/', 'test-results/', 'node_modules/'] },
  ...tseslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'webview-ui/**/*.ts', 'test/**/*.ts'],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.node.json', 'webview-ui/tsconfig.json', 'test/e2e/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: readable,
  },
  ...ROOMS.map(roomConfig),
  ...['files', 'jobs'].map(nodeConfig),
  {
    files: ['src/protocol/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [fence(ABOVE_RPC, 'The protocol imports src/rpc alone.'), noNode] },
      ],
    },
  },
  {
    files: ['src/page/graphSvg.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: [noVscode], patterns: [...roomRules('page').patterns, noRuntime] }],
    },
  },
  {
    files: ['src/verify/session.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: [noVscode], patterns: roomRules('verify').patterns }],
    },
  },
  {
    files: ['src/extension.ts', 'src/vscode/**/*.ts'],
    ignores: ['src/vscode/window/**'],
    rules: { 'no-restricted-syntax': ['error', ...silentVscode] },
  },
  ...PAGE_ROOMS.map(pageConfig),
  { files: ['**/*.mjs', '**/*.cjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
);
