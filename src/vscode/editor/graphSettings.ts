import * as vscode from 'vscode';
import { SETTING_NAMES, asSettings, type PageSettings, type SettingChange } from '../../protocol/settings.ts';

const SECTION = 'channelwise.graph';

/** The settings as they are now; one that a person mistyped is as if it weren't set. */
export function graphSettings(): PageSettings {
  const section = vscode.workspace.getConfiguration(SECTION);
  return asSettings(Object.fromEntries(SETTING_NAMES.map((name) => [name, section.get(name)])));
}

/** Changes a setting where it is set, which for most people is for all windows. */
export async function changeGraphSetting({ name, value }: SettingChange): Promise<void> {
  const section = vscode.workspace.getConfiguration(SECTION);
  const inWorkspace = section.inspect(name)?.workspaceValue !== undefined;
  await section.update(
    name,
    value,
    inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
  );
}

/** Calls `changed` after a setting of the graph was changed, here or elsewhere. */
export function onGraphSettings(changed: (settings: PageSettings) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(SECTION)) changed(graphSettings());
  });
}
