import { fieldsOf } from './checked.ts';

/** How a reader wants the graph: VS Code's settings under `channelwise.graph`, as the page uses them. */
export interface PageSettings {
  readonly orientation: 'top-down' | 'left-right';
  /** What stands on the boxes. */
  readonly titles: 'operators' | 'names';
  readonly wheel: 'zoom' | 'pan';
  /** Whether shapes on lines have the batch size that all share. */
  readonly batchSize: boolean;
}
export type SettingName = keyof PageSettings;

/** The values each setting may have; the first holds where nothing else is set. */
export const SETTING_VALUES: { readonly [N in SettingName]: readonly PageSettings[N][] } = {
  orientation: ['top-down', 'left-right'],
  titles: ['operators', 'names'],
  wheel: ['zoom', 'pan'],
  batchSize: [false, true],
};

export const SETTING_NAMES = Object.keys(SETTING_VALUES) as SettingName[];

/** A change of one setting. */
export interface SettingChange {
  readonly name: SettingName;
  readonly value: PageSettings[SettingName];
}

/** Settings from anything; what doesn't fit is as if it weren't set. */
export function asSettings(value: unknown): PageSettings {
  const given = fieldsOf(value);
  const settings = SETTING_NAMES.map((name) => [name, valueOf(name, given[name])]);
  return Object.fromEntries(settings) as unknown as PageSettings;
}

function valueOf(name: SettingName, given: unknown): unknown {
  const values: readonly unknown[] = SETTING_VALUES[name];
  return values.includes(given) ? given : values[0];
}

/** Reads a change of a setting that there is, to a value that it may have; undefined for anything else. */
export function asSettingChange(value: unknown): SettingChange | undefined {
  const { name, value: wanted } = fieldsOf(value);
  const known = SETTING_NAMES.find((each) => each === name);
  if (!known || valueOf(known, wanted) !== wanted) return undefined;
  return { name: known, value: wanted as SettingChange['value'] };
}
