import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../../scripts/browser.mjs';
import { pageHtml } from '../../src/vscode/editor/pageHtml.ts';
import { bundlePage } from '../../webview-ui/build.mjs';
import type { PageModel } from '../../src/protocol/messages.ts';
import { packModel } from '../../src/protocol/packed.ts';
import { THEMES } from '../fixtures/themes.ts';
import type { ThemeKind } from '../fixtures/themes.ts';

/**
 * Drives the built page in Chromium under the webview's own content security policy, with a stand-in for the extension
 * host.
 */
const here = dirname(fileURLToPath(import.meta.url));
const ORIGIN = 'https://page.invalid';
const NONCE = 'c2VjcmV0LW5vbmNl';

export function launch(): Promise<Browser> {
  return launchBrowser();
}

/**
 * The toolkit probes for :focus-visible with one empty style element. The policy refuses it (this is the hash of
 * nothing) and the toolkit copes.
 */
const EMPTY_STYLE = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

let loaded: Promise<string> | null = null;
/** The page's script: the one that CHANNELWISE_PAGE names, else one built here, once per process. */
export function pageScript(): Promise<string> {
  loaded ??= builtPage().then((path) => readFile(path, 'utf8'));
  return loaded;
}

async function builtPage(): Promise<string> {
  if (process.env.CHANNELWISE_PAGE) return process.env.CHANNELWISE_PAGE;
  const outfile = join(here, `../../test-results/page/page-${process.pid}.js`);
  await bundlePage({ outfile, minify: false });
  return outfile;
}

export type Answer = { ok: true; value: unknown } | { ok: false; code: string; message: string };
export interface OpenOptions {
  theme?: ThemeKind;
  width?: number;
  height?: number;
  ratio?: number;
  reducedMotion?: boolean;
  /** What getState() returns, as when a tab comes back. */
  state?: unknown;
  /**
   * Answers to requests other than `model`, and to that one where it comes with arguments; the request itself is given.
   */
  answer?: (method: string, request: Record<string, unknown>) => Answer | Promise<Answer>;
}
export interface OpenedPage {
  page: Page;
  /** Everything the browser complained about: exceptions, console errors, policy violations. */
  problems: string[];
  requests: Record<string, unknown>[];
  /** The last value given to setState. */
  savedState(): Promise<unknown>;
  setTheme(kind: ThemeKind): Promise<void>;
  send(message: unknown): Promise<void>;
  close(): Promise<void>;
}

const contexts = new WeakMap<Browser, Map<number, Promise<BrowserContext>>>();

/**
 * A context for each pixel ratio, which pages share: one of its own for each costs as much as the page itself. The page
 * keeps nothing in the browser; its state is the host's.
 */
function contextOf(browser: Browser, deviceScaleFactor: number): Promise<BrowserContext> {
  const known = contexts.get(browser) ?? new Map<number, Promise<BrowserContext>>();
  contexts.set(browser, known);
  const context = known.get(deviceScaleFactor) ?? browser.newContext({ deviceScaleFactor });
  known.set(deviceScaleFactor, context);
  return context;
}

/** As the editor makes it, with its content security policy. */
const HTML = pageHtml({
  source: ORIGIN,
  nonce: NONCE,
  script: `${ORIGIN}/page.js`,
  style: `${ORIGIN}/page.css`,
});

/** Opens the page on a model (or on an error, where `model` is an Answer that is not ok). */
export async function openPage(
  browser: Browser,
  model: PageModel | Answer,
  options: OpenOptions = {},
): Promise<OpenedPage> {
  const { width = 1200, height = 800, ratio = 1, theme = 'dark' } = options;
  const page = await (await contextOf(browser, ratio)).newPage();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference' });
  const problems: string[] = [];
  const requests: Record<string, unknown>[] = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  page.on('console', (m) => {
    if ((m.type() === 'error' || m.type() === 'warning') && !m.text().includes(EMPTY_STYLE)) problems.push(m.text());
  });
  const [script, css, icons] = await Promise.all([
    pageScript(),
    readFile(join(here, '../../webview-ui/page.css'), 'utf8'),
    readFile(join(here, '../../node_modules/@vscode/codicons/dist/codicon.ttf')),
  ]);
  await page.route('**/*', (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === '/') return route.fulfill({ contentType: 'text/html', body: HTML });
    if (path === '/page.js') return route.fulfill({ contentType: 'text/javascript', body: script });
    if (path === '/page.css') return route.fulfill({ contentType: 'text/css', body: css });
    if (path.endsWith('/codicon.ttf')) return route.fulfill({ contentType: 'font/ttf', body: icons });
    return route.fulfill({ status: 404, body: '' });
  });
  const reply: Answer = 'fileName' in model ? { ok: true, value: packModel(model) } : model;
  const answerTo = async (request: Record<string, unknown>): Promise<Record<string, unknown>> => {
    requests.push(request);
    if (request.type === 'cancel') return failed(request.id, { code: 'cancelled', message: 'Cancelled.' });
    const method = String(request.method);
    const answer =
      method === 'model' && request.args === null
        ? reply
        : ((await options.answer?.(method, request)) ?? { ok: true, value: null });
    return answer.ok ? { type: 'done', id: request.id, result: answer.value } : failed(request.id, answer);
  };
  // As one text: the browser's driver takes objects apart value by value, which for 30,000 nodes takes many seconds.
  await page.exposeFunction('hostReceive', async (request: Record<string, unknown>): Promise<string> =>
    JSON.stringify(await answerTo(request), typedAsText),
  );
  // As text, because the test's own compiler marks functions with a helper that the page doesn't have.
  await page.addInitScript(
    `{ const __name = (f) => f; (${String(fakeHost)})(${JSON.stringify({ state: options.state ?? null, theme: THEMES[theme] })}); }`,
  );
  await page.goto(`${ORIGIN}/`);
  return {
    page,
    problems,
    requests,
    savedState: () => page.evaluate(() => (window as unknown as { __state: unknown }).__state),
    setTheme: (kind) =>
      page.evaluate((t) => (window as unknown as { __theme(t: unknown): void }).__theme(t), THEMES[kind]),
    send: (message) => page.evaluate((m) => window.postMessage(m, '*'), message),
    close: () => page.close(),
  };
}

function failed(id: unknown, { code, message }: { code: string; message: string }): Record<string, unknown> {
  return { type: 'failed', id, error: { kind: 'refused', code, message, place: {} } };
}

/** VS Code hands typed arrays over as bytes; `fakeHost` makes them out of this again. */
function typedAsText(_: string, value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  return {
    typed: value.constructor.name,
    base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
  };
}

/** Runs in the page before its own script. */
function fakeHost({ state, theme }: { state: unknown; theme: { body: string; tokens: Record<string, string> } }): void {
  const w = window as unknown as Record<string, unknown> & { hostReceive(m: unknown): Promise<string> };
  w.__state = state;
  w.__theme = (t: typeof theme): void => {
    const style = document.documentElement.style;
    style.cssText = '';
    for (const [name, value] of Object.entries(t.tokens)) style.setProperty(`--vscode-${name}`, value);
    document.body.className = t.body;
  };
  // VS Code sets the theme before the page's script runs; the body exists as soon as the script element is parsed.
  const ready = new MutationObserver(() => {
    if (!document.body) return;
    ready.disconnect();
    (w.__theme as (t: typeof theme) => void)(theme);
  });
  ready.observe(document, { childList: true, subtree: true });
  const typed = (_: string, value: { typed?: 'Int32Array' | 'Float64Array'; base64: string } | null): unknown =>
    value?.typed ? new window[value.typed](Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer) : value;
  w.acquireVsCodeApi = () => ({
    postMessage: (m: unknown) =>
      void w.hostReceive(m).then((answer) => window.postMessage(JSON.parse(answer, typed), '*')),
    getState: () => w.__state,
    setState: (value: unknown) => {
      w.__state = JSON.parse(JSON.stringify(value));
    },
  });
}
