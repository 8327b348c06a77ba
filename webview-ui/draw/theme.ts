import type { ItemKind } from '../graph/items.ts';
import type { Difference } from './brush.ts';

/** Colours and font of the picture, read from VS Code's theme tokens. */
export interface Theme {
  background: string;
  box: string;
  frame: string;
  text: string;
  muted: string;
  line: string;
  border: string;
  focus: string;
  match: string;
  into: string;
  out: string;
  differing: Record<Difference, string>;
  contrast: boolean;
  font: string;
  stripe: Record<ItemKind | 'group', string>;
}

export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const token = (...names: string[]): string => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return style.color;
  };
  const contrast = style.getPropertyValue('--vscode-contrastBorder').trim();
  const muted = token('descriptionForeground', 'editor-foreground');
  return {
    background: token('editor-background'),
    box: token('editorWidget-background', 'editor-background'),
    frame: token('sideBar-background', 'editor-background'),
    text: token('editor-foreground', 'foreground'),
    muted,
    line: contrast || token('editorLineNumber-foreground', 'descriptionForeground'),
    border: contrast || token('editorLineNumber-foreground', 'editorWidget-border', 'panel-border'),
    focus: token('focusBorder', 'editor-foreground'),
    match: token('charts-yellow', 'focusBorder'),
    into: token('charts-green', 'focusBorder'),
    out: token('charts-orange', 'focusBorder'),
    differing: {
      added: token('gitDecoration-addedResourceForeground', 'charts-green'),
      removed: token('gitDecoration-deletedResourceForeground', 'charts-red'),
      changed: token('gitDecoration-modifiedResourceForeground', 'charts-yellow'),
      doubtful: token('editorWarning-foreground', 'charts-orange'),
    },
    contrast: contrast !== '',
    font: style.fontFamily,
    stripe: {
      input: token('charts-green', 'foreground'),
      output: token('charts-purple', 'foreground'),
      first: token('charts-orange', 'foreground'),
      layer: token('charts-blue', 'foreground'),
      norm: token('terminal-ansiCyan', 'charts-blue'),
      activation: token('charts-yellow', 'foreground'),
      pool: token('charts-green', 'foreground'),
      merge: token('charts-purple', 'foreground'),
      plain: muted,
      group: token('charts-blue', 'foreground'),
    },
  };
}
