import { join } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import tseslint from 'typescript-eslint';
import { main, root, step } from './step.mjs';

/**
 * The environments that code runs in. Each is a program of its own, because each knows other names: no part of Node in
 * the core, no DOM in the extension. `ownFilesAlone`: what it imports is looked at where it runs, by the others.
 */
const PROJECTS = [
  { config: 'tsconfig.json' },
  { config: 'tsconfig.node.json', isLinted: true },
  { config: 'webview-ui/tsconfig.json', isLinted: true },
  { config: 'test/e2e/tsconfig.json', isLinted: true, ownFilesAlone: true },
];

/** A folder of the repository. What was right last time is not looked at again until it changes. */
const CACHE_FOLDER = process.argv[2];

const WITH_TYPES = ['src/**/*.ts', 'webview-ui/**/*.ts', 'test/**/*.ts'];

/** Source files by path, parsed once for all programs: what the projects differ in does not change how a file reads. */
const sourceFiles = new Map();

function compilerHost(options) {
  const host = ts.createIncrementalCompilerHost(options);
  const parse = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) => {
    if (!sourceFiles.has(path)) sourceFiles.set(path, parse(path, ...rest));
    return sourceFiles.get(path);
  };
  return host;
}

/** A program that knows from the last time which files are right. */
function openProgram(config) {
  const tsBuildInfoFile = join(root, CACHE_FOLDER, `${config.replaceAll('/', '-')}.tsbuildinfo`);
  const onUnRecoverableConfigFileDiagnostic = (diagnostic) => {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
  };
  const { fileNames, options, errors } = ts.getParsedCommandLineOfConfigFile(
    join(root, config),
    { incremental: true, tsBuildInfoFile },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic },
  );
  const program = ts.createIncrementalProgram({
    rootNames: fileNames,
    options,
    configFileParsingDiagnostics: errors,
    host: compilerHost(options),
    createProgram: ts.createSemanticDiagnosticsBuilderProgram,
  });
  return { program, ownFiles: new Set(fileNames) };
}

/** Everything that tsc would report, of the project's own files alone where it says so. */
function typeErrors({ program, ownFiles }, { ownFilesAlone = false }) {
  const isLeftOut = ({ fileName }) => ownFilesAlone && !ownFiles.has(fileName);
  while (program.getSemanticDiagnosticsOfNextAffectedFile(undefined, isLeftOut));
  const files = program.getSourceFiles().filter((file) => !isLeftOut(file));
  const errors = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...files.flatMap((file) => program.getSemanticDiagnostics(file)),
  ];
  program.emit(); // Writes what is known for the next time, and nothing else.
  return ts.sortAndDeduplicateDiagnostics(errors);
}

function report(errors) {
  const format = process.stdout.isTTY ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics;
  const host = { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n' };
  process.stdout.write(format(errors, host));
}

/** Lints with the types that are known by now, in place of finding them a second time. */
async function lint(programs) {
  const parser = {
    meta: tseslint.parser.meta,
    parseForESLint: (code, options) => tseslint.parser.parseForESLint(code, { ...options, project: null, programs }),
  };
  const eslint = new ESLint({
    cwd: root,
    cache: true,
    cacheLocation: join(root, CACHE_FOLDER, 'eslint.json'),
    overrideConfig: { files: WITH_TYPES, languageOptions: { parser } },
  });
  const results = await eslint.lintFiles(['.']);
  const formatter = await eslint.loadFormatter('stylish');
  process.stdout.write(await formatter.format(results));
  return results.reduce((count, { errorCount, warningCount }) => count + errorCount + warningCount, 0);
}

await main(async () => {
  const linted = [];
  let wrong = 0;
  for (const project of PROJECTS) {
    await step(`Types of ${project.config}`, () => {
      const opened = openProgram(project.config);
      const errors = typeErrors(opened, project);
      report(errors);
      wrong += errors.length;
      if (project.isLinted) linted.push(opened.program.getProgram());
    });
  }
  wrong += await step('Lint', () => lint(linted));
  if (wrong > 0) throw new Error(`Types and lint rules: ${wrong} ${wrong === 1 ? 'problem' : 'problems'}.`);
});
