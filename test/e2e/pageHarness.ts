import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { packModel } from '../../src/protocol/pack.ts';
import type { PageModel } from '../../src/protocol/pageModel.ts';
import { launchBrowser } from '../../scripts/browser.mjs';
import { PATIENCE_MS } from '../../scripts/patience.mjs';
import { pageHtml } from '../../src/vscode/editor/pageHtml.ts';
import { bundlePage } from '../../webview-ui/build.mjs';
import { THEMES } from '../fixtures/themes.ts';
import type { ThemeKind } from '../fixtures/themes.ts';

/**
 * Drives the built page in Chromium under the webview's own content security policy, with a stand-in for the extension
 * host.
 */
const here = dirname(fileURLToPath(import.meta.url));
const NONCE = 'c2VjcmV0LW5vbmNl';

let launched: Promise<Browser> | null = null;

/** The browser of this process: the files that share one share its tabs. */
export function launch(): Promise<Browser> {
  launched ??= launchBrowser();
  return launched;
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

let serving: Promise<string> | null = null;

/** Serves the page's files, once per process, and gives their origin. */
function pageOrigin(): Promise<string> {
  serving ??= servePage();
  return serving;
}

async function servePage(): Promise<string> {
  const [script, style, icons] = await Promise.all([
    pageScript(),
    readFile(join(here, '../../webview-ui/page.css'), 'utf8'),
    readFile(join(here, '../../node_modules/@vscode/codicons/dist/codicon.ttf')),
  ]);
  let html = '';
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    // The browser keeps what it has compiled of a script that it may keep.
    const send = (type: string, body: string | Buffer): unknown =>
      response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=3600' }).end(body);
    if (pathname === '/') return send('text/html', html);
    if (pathname === '/page.js') return send('text/javascript', script);
    if (pathname === '/page.css') return send('text/css', style);
    if (pathname.endsWith('/codicon.ttf')) return send('font/ttf', icons);
    return response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  server.unref();
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // As the editor makes it, with its content security policy.
  html = pageHtml({ source: origin, nonce: NONCE, script: `${origin}/page.js`, style: `${origin}/page.css` });
  return origin;
}

/** What a tab's present page is tested with. */
interface Visit {
  readonly problems: string[];
  readonly answerTo: (request: Record<string, unknown>) => Promise<Record<string, unknown>>;
}

/** What `fakeHost` starts with; the page's address carries it. */
interface Setup {
  readonly state: unknown;
  readonly theme: (typeof THEMES)[ThemeKind];
}

/** One page after another is loaded in it. */
interface Tab {
  readonly page: Page;
  visit: Visit | null;
}

/** The tabs of one pixel ratio that no test uses now, in a context of their own. */
interface Tabs {
  readonly context: Promise<BrowserContext>;
  readonly free: Tab[];
}

const tabsOf = new WeakMap<Browser, Map<number, Tabs>>();

/**
 * A new tab costs four times what a page costs that is loaded in one. The page keeps nothing in the browser, its state is
 * the host's, so it finds the same either way. A tab whose test failed is not used again.
 */
function tabsWith(browser: Browser, deviceScaleFactor: number): Tabs {
  const known = tabsOf.get(browser) ?? new Map<number, Tabs>();
  tabsOf.set(browser, known);
  const tabs = known.get(deviceScaleFactor) ?? { context: browser.newContext({ deviceScaleFactor }), free: [] };
  known.set(deviceScaleFactor, tabs);
  return tabs;
}

async function newTab(context: BrowserContext): Promise<Tab> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const tab: Tab = { page, visit: null };
  page.on('pageerror', (error) => tab.visit?.problems.push(String(error)));
  page.on('console', (message) => {
    const isProblem = message.type() === 'error' || message.type() === 'warning';
    if (isProblem && !message.text().includes(EMPTY_STYLE)) tab.visit?.problems.push(message.text());
  });
  // As one text: the browser's driver takes objects apart value by value, which for 30,000 nodes takes many seconds.
  await page.exposeFunction('hostReceive', async (request: Record<string, unknown>): Promise<string> =>
    JSON.stringify(await tab.visit?.answerTo(request), typedAsText),
  );
  // As text, because the test's own compiler marks functions with a helper that the page doesn't have.
  await page.addInitScript(`{ const __name = (f) => f; (${String(fakeHost)})(); }`);
  return tab;
}

/** Opens the page on a model (or on an error, where `model` is an Answer that is not ok). */
export async function openPage(
  browser: Browser,
  model: PageModel | Answer,
  options: OpenOptions = {},
): Promise<OpenedPage> {
  const { width = 1200, height = 800, ratio = 1, theme = 'dark' } = options;
  const tabs = tabsWith(browser, ratio);
  const tab = tabs.free.pop() ?? (await newTab(await tabs.context));
  const { page } = tab;
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference' });
  const problems: string[] = [];
  const requests: Record<string, unknown>[] = [];
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
  tab.visit = { problems, answerTo };
  const setup: Setup = { state: options.state ?? null, theme: THEMES[theme] };
  await page.goto(`${await pageOrigin()}/?${encodeURIComponent(JSON.stringify(setup))}`);
  return {
    page,
    problems,
    requests,
    savedState: () => page.evaluate(() => (window as unknown as { __state: unknown }).__state),
    setTheme: (kind) =>
      page.evaluate((t) => (window as unknown as { __theme(t: unknown): void }).__theme(t), THEMES[kind]),
    send: (message) => page.evaluate((m) => window.postMessage(m, '*'), message),
    close: async () => {
      await page.goto('about:blank');
      tab.visit = null;
      tabs.free.push(tab);
    },
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
function fakeHost(): void {
  if (!location.search) return;
  const { state, theme } = JSON.parse(decodeURIComponent(location.search.slice(1))) as Setup;
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
