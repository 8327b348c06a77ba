import { themeFrom } from './theme.ts';
import type { Theme, Token } from './theme.ts';

/** The theme that VS Code gives an element. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const token: Token = (...names) => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return style.color;
  };
  const pen = document.createElement('canvas').getContext('2d');
  return themeFrom({
    token,
    normal: (colour) => normalColour(pen, colour),
    contrast: style.getPropertyValue('--vscode-contrastBorder').trim(),
    font: style.fontFamily,
  });
}

/** Calls back when VS Code changes themes: it rewrites the body's class and the root's style. Gives what ends that. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true });
  observer.observe(document.documentElement, { attributes: true });
  return () => observer.disconnect();
}

/** A colour as a canvas writes it: names and short forms become `#rrggbb`. */
function normalColour(ctx: CanvasRenderingContext2D | null, colour: string): string {
  if (!ctx) return colour;
  ctx.fillStyle = '#000000';
  ctx.fillStyle = colour;
  return typeof ctx.fillStyle === 'string' ? ctx.fillStyle : colour;
}
