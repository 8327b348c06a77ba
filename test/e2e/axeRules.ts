import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { THEMES } from '../fixtures/themes.ts';
import type { ThemeKind } from '../fixtures/themes.ts';
import type { OpenedPage } from './pageHarness.ts';

/** axe-core's rules, run inside the page: https://github.com/dequelabs/axe-core */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeOptions {
  readonly runOnly?: readonly string[];
  readonly rules?: Readonly<Record<string, { readonly enabled: boolean }>>;
}

interface Axe {
  run(options: AxeOptions & { resultTypes: readonly ['violations']; preload: false }): Promise<{
    violations: { id: string; nodes: { target: unknown }[] }[];
  }>;
}

/** All that a theme can change: the page is the same in all of them but for its colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
const COLOURS: AxeOptions = { runOnly: COLOUR_RULES };
const ALL_BUT_COLOURS: AxeOptions = {
  rules: Object.fromEntries(COLOUR_RULES.map((rule) => [rule, { enabled: false }])),
};

/** What axe finds wrong on the page as it is now: the rule and the places. */
export async function violations(page: Page, options: AxeOptions = {}): Promise<string[]> {
  // Its text alone takes longer than a run of it.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  return page.evaluate(async (given) => {
    const { axe } = window as unknown as { axe: Axe };
    // Nothing of the page plays, and no rule that is run reads a stylesheet.
    const found = await axe.run({ ...given, resultTypes: ['violations'], preload: false });
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${JSON.stringify(target)}`));
  }, options);
}

/**
 * What axe finds wrong with the page as it is now, its colours in every theme; each with its theme. `picture` names the
 * file of a theme's screenshot, where one is wanted.
 */
export async function violationsInThemes(
  { page, setTheme }: Pick<OpenedPage, 'page' | 'setTheme'>,
  picture: ((theme: ThemeKind) => string) | null = null,
): Promise<string[]> {
  const found = await violations(page, ALL_BUT_COLOURS);
  for (const theme of Object.keys(THEMES) as ThemeKind[]) {
    await setTheme(theme);
    found.push(...(await violations(page, COLOURS)).map((violation) => `${theme}: ${violation}`));
    if (picture) await page.screenshot({ path: picture(theme) });
  }
  return found;
}
