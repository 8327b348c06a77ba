import { asSettings } from '../../src/protocol/settings.ts';
import type { PageSettings, SettingName } from '../../src/protocol/settings.ts';
import { onSettingsMessage, request } from './host/host.ts';

let current: PageSettings = asSettings(null);
const listeners = new Set<(settings: PageSettings, before: PageSettings) => void>();

onSettingsMessage(apply);

/** How the reader wants the graph now. */
export function settings(): PageSettings {
  return current;
}

/** Asks VS Code for the settings; without an answer the usual ones hold. */
export async function loadSettings(): Promise<void> {
  current = asSettings(await request('settings', null).catch(() => null));
}

/** Changes a setting here at once, and in VS Code, which tells the other pages. */
export function changeSetting<N extends SettingName>(name: N, value: PageSettings[N]): void {
  apply({ ...current, [name]: value });
  // Where VS Code can't write it down, it holds until the page closes.
  request('setSetting', { name, value }).catch(() => undefined);
}

/** Calls `listener` after a change; returns the unsubscribe function. */
export function onSettings(listener: (settings: PageSettings, before: PageSettings) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(settings: PageSettings): void {
  const before = current;
  current = settings;
  for (const listener of [...listeners]) listener(settings, before);
}
