import type { ItemKind } from '../../graph/items.ts';
import type { Difference } from '../difference.ts';
import { forWhiteText, isLight, onLightPage, readableOn } from './colour.ts';

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
  /** The filled part of a box by what it shows, and the text that can be read on it. */
  fill: Record<ItemKind | 'group', string>;
  onFill: Record<ItemKind | 'group', string>;
}

/** The colour of the first token that a theme has, of several in order of preference; the text's own for none. */
export type Token = (...names: string[]) => string;

/** What a theme is made from beside its tokens. */
export interface ThemeParts {
  readonly token: Token;
  /** A colour as `#rrggbb`, so that what can be read on it can be found. */
  readonly normal: (colour: string) => string;
  /** The border that high-contrast themes draw around everything; '' in others. */
  readonly contrast: string;
  readonly font: string;
}

/** The theme of a picture, from tokens by VS Code's names for them. */
export function themeFrom({ token, normal, contrast, font }: ThemeParts): Theme {
  const fill = fillsFrom({ token, normal, contrast });
  return {
    background: token('editor-background'),
    box: token('editorWidget-background', 'editor-background'),
    frame: token('sideBar-background', 'editor-background'),
    text: token('editor-foreground', 'foreground'),
    muted: token('descriptionForeground', 'editor-foreground'),
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
    font,
    fill,
    onFill: mapValues(fill, readableOn),
  };
}

function fillsFrom({ token, normal, contrast }: Omit<ThemeParts, 'font'>): Theme['fill'] {
  const page = normal(token('editor-background'));
  const isSoft = contrast === '' && isLight(page);
  const colour: Token = (...names) => {
    const known = normal(token(...names));
    return isSoft ? onLightPage(known) : known;
  };
  // On a light page orange and yellow would come to the same.
  const orange = normal(token('charts-orange', 'foreground'));
  return {
    input: colour('charts-green', 'foreground'),
    output: colour('charts-green', 'foreground'),
    inputLayer: isSoft ? forWhiteText(orange) : orange,
    layer: colour('charts-blue', 'foreground'),
    norm: colour('terminal-ansiCyan', 'charts-blue'),
    activation: colour('charts-yellow', 'foreground'),
    pool: colour('terminal-ansiGreen', 'charts-green'),
    merge: colour('charts-purple', 'foreground'),
    shape: colour('terminal-ansiBrightBlack', 'descriptionForeground'),
    quantise: colour('terminal-ansiMagenta', 'charts-purple'),
    constant: colour('editorLineNumber-foreground', 'descriptionForeground'),
    plain: colour('editorLineNumber-foreground', 'descriptionForeground'),
    group: colour('button-secondaryBackground', 'editorWidget-background'),
  };
}

function mapValues<K extends string>(
  record: Readonly<Record<K, string>>,
  to: (value: string) => string,
): Record<K, string> {
  const entries = Object.entries<string>(record).map(([key, value]) => [key, to(value)]);
  return Object.fromEntries(entries) as Record<K, string>;
}
