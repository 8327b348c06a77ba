import { themeFrom } from './theme.ts';
import type { Theme } from './theme.ts';

/** Colours on white, for pictures that are made outside VS Code. */
const PAPER: Readonly<Record<string, string>> = {
  foreground: '#24292f',
  'editor-background': '#ffffff',
  'editor-foreground': '#24292f',
  'editorWidget-background': '#f6f7f9',
  'sideBar-background': '#f3f4f6',
  descriptionForeground: '#57606a',
  'editorLineNumber-foreground': '#6e7781',
  focusBorder: '#0969da',
  'charts-green': '#2da44e',
  'charts-orange': '#bc4c00',
  'charts-blue': '#0969da',
  'charts-yellow': '#bf8700',
  'charts-purple': '#8250df',
  'terminal-ansiCyan': '#1b7c83',
  'terminal-ansiGreen': '#4d7d0f',
  'terminal-ansiBrightBlack': '#57606a',
  'terminal-ansiMagenta': '#a33f9b',
  'button-secondaryBackground': '#d0d7de',
};

/** The theme of pictures on white. */
export function paperTheme(): Theme {
  const tokens = (...names: string[]): string => {
    const known = names.find((name) => Object.hasOwn(PAPER, name)) ?? 'foreground';
    return PAPER[known] ?? '#000000';
  };
  return themeFrom({ token: tokens, normal: (colour) => colour, contrast: '', font: 'sans-serif' });
}
