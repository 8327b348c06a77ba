import { defineConfig } from 'oxlint';

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
  'src/jobs/threads/nodeThread.ts',
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
const noPage = { regex: 'webview-ui/', message: 'Only src/page/printed/graphSvg.ts draws with the code of the page.' };

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
    excludeFiles: ['**/*.web.ts'],
    rules: { 'no-restricted-imports': ['error', { paths, patterns: [...others, noRuntime] }] },
  };
}

/**
 * The page, from the bottom up: components over state over drawing, graph, layout and texts. Of src it imports the
 * protocol, the calls, and the texts that both write alike.
 */
const PAGE_ROOMS = ['text', 'layout', 'graph', 'draw', 'state', 'components'];
const CLOSED_TO_PAGE = ROOMS.filter((room) => room !== 'rpc' && room !== 'text');
const pageOnly = [
  noNode,
  {
    regex: `src/(${CLOSED_TO_PAGE.join('|')})/|src/[^/]+$`,
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

/** Every test starts in a process where Node's test runner runs nothing that stands behind a suite. */
const noSuites = {
  name: 'node:test',
  importNames: ['describe', 'it', 'suite'],
  message: 'Tests are made by `test` alone: what stands behind a suite would not run (scripts/testProcess.mjs).',
};
/** Unit test files share processes (scripts/unit.mjs). */
const onlyTest = {
  name: 'node:test',
  allowImportNames: ['test', 'TestContext'],
  message: 'A hook or mock would be there for other files too, which share the process; use `t.after` and `t.mock`.',
};

/** mocha runs such a test alone, and says nothing of the others. */
const nothingAlone = ['it', 'describe'].map((object) => ({
  object,
  property: 'only',
  message: 'The other tests in the extension host would not run.',
}));

/** What is right in itself; the rest of the linter's family of mistakes is on. */
const off = {
  'typescript/unbound-method': 'off', // Lit calls a handler with its component as `this`.
  'typescript/no-misused-spread': 'off', // A text is spread where its characters are meant.
  'typescript/restrict-template-expressions': 'off', // Shapes are compared as text.
  'typescript/no-meaningless-void-operator': 'off', // `void` says that an arrow gives nothing.
  'no-control-regex': 'off', // Control characters are what these expressions look for.
  'no-unused-private-class-members': 'off', // TypeScript reports those, and knows `??=` as a use.
};

/** In tests a mistake of this kind ends the test. */
const offInTests = {
  'no-unsafe-optional-chaining': 'off',
  'typescript/require-array-sort-compare': 'off',
  'typescript/no-implied-eval': 'off',
};

const readable = {
  'typescript/no-explicit-any': 'error',
  'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
  'typescript/no-floating-promises': [
    'error',
    { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' }] },
  ],
  'typescript/no-misused-promises': 'error',
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'no-nested-ternary': 'error',
  'max-params': ['error', 4],
  complexity: ['error', 20],
  'max-lines': ['error', { max: 400 }],
};

export default defineConfig({
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  plugins: ['typescript', 'oxc', 'import'],
  categories: { correctness: 'error' },
  rules: { ...off, 'import/no-cycle': ['error', { ignoreTypes: true }] },
  jsPlugins: ['./scripts/silentWindow.mjs'],
  ignorePatterns: ['dist/', '.vscode-test/', 'samples/', 'test-results/', 'node_modules/'],
  overrides: [
    { files: ['src/**/*.ts', 'webview-ui/**/*.ts', 'test/**/*.ts'], rules: readable },
    { files: ['test/**/*.ts', 'scripts/**/*.mjs'], rules: offInTests },
    { files: ['test/**/*.ts'], rules: { 'no-restricted-imports': ['error', { paths: [noSuites] }] } },
    { files: ['test/unit/**/*.ts'], rules: { 'no-restricted-imports': ['error', { paths: [onlyTest] }] } },
    { files: ['test/vscode/**/*.ts'], rules: { 'no-restricted-properties': ['error', ...nothingAlone] } },
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
      files: ['src/page/printed/graphSvg.ts'],
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
      excludeFiles: ['src/vscode/window/**'],
      rules: { 'channelwise/silent-window': 'error' },
    },
    ...PAGE_ROOMS.map(pageConfig),
  ],
});
