import { format } from 'node:util';
import { PATIENCE_MS } from '../patience.mjs';

/** What VS Code says of itself, in a closed network and without its optional parts; not about us. */
const NOISE = new RegExp(
  [
    'spdlog',
    'ENOTFOUND',
    'Could not locate the bindings file',
    'package\\.nls\\.json',
    'additional builtin',
    'workbench contribution',
    'builtin extension',
  ].join('|'),
);

/** A suite that says nothing for this long is stuck: a test in it has ended by then. */
const LIMIT_MS = PATIENCE_MS + 60_000;

/**
 * Opens VS Code on a folder with a suite to be run in its extension host, and waits for the verdict.
 * @param {{ browser: import('playwright-core').Browser, url: string, folder: string, extensions: string[], suite: string, log: (line: string) => void }} run
 * `extensions` and `suite` are URIs. Rejects where the suite fails, or does not end.
 */
export async function runHostSuite({ browser, url, folder, extensions, suite, log }) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  try {
    const page = await context.newPage();
    let heard = () => undefined;
    const verdict = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('The suite is stuck.')), LIMIT_MS);
      heard = () => late.refresh();
      void page.exposeFunction('codeAutomationExit', (code) => {
        clearTimeout(late);
        resolve(code);
      });
    });
    await page.exposeFunction('codeAutomationLog', (type, args) => {
      heard();
      if (!args.some((a) => NOISE.test(String(a)))) log(format(...args));
    });
    const payload = [
      ...extensions.map((extension) => ['extensionDevelopmentPath', extension]),
      ['extensionTestsPath', suite],
      ['skipWelcome', 'true'],
    ];
    await page.goto(`${url}/?${new URLSearchParams({ folder, payload: JSON.stringify(payload) })}`);
    const code = await verdict;
    if (code !== 0) throw new Error(`The suite failed (exit code ${code}).`);
  } finally {
    await context.close();
  }
}
