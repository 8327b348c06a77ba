/**
 * Names in a model, file names and errors are text from outside, and VS Code reads `[label](command:…)` and `$(icon)`
 * in most places that show text. Only src/vscode/window, which makes texts inert, speaks to those places.
 */
const MESSAGE = 'Only src/vscode/window shows texts; what comes from outside is made inert there (inertText.ts).';

/** These members of `vscode.window` show no text. */
const SILENT = ['tabGroups', 'registerCustomEditorProvider', 'registerUriHandler'];

const SELECTORS = [
  `MemberExpression[object.object.name='vscode'][object.property.name='window']:not([property.name=/^(${SILENT.join('|')})$/])`,
  `:not(MemberExpression) > MemberExpression[object.name='vscode'][property.name='window']`,
  `MemberExpression[object.object.name='vscode'][object.property.name='window'][computed=true]`,
  `MemberExpression[object.name='vscode'][property.name=/^(MarkdownString|TreeItem|Diagnostic|NotebookCellOutputItem)$/]`,
  `MemberExpression[object.name='vscode'][computed=true]`,
  `VariableDeclarator[init.name='vscode']`,
  `ImportDeclaration[source.value='vscode'] > ImportSpecifier`,
  `ImportDeclaration[source.value='vscode'] > ImportNamespaceSpecifier:not([local.name='vscode'])`,
];

const silentWindow = {
  create: (context) => {
    const report = (node) => context.report({ node, message: MESSAGE });
    return Object.fromEntries(SELECTORS.map((selector) => [selector, report]));
  },
};

/** A plugin of the linter, named in oxlint.config.mjs. */
export default { meta: { name: 'channelwise' }, rules: { 'silent-window': silentWindow } };
