import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Frame, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../../scripts/browser.mjs';
import { PATIENCE_MS } from '../../scripts/patience.mjs';
import { startServer, windowUrl } from '../../scripts/vscode/server.mjs';
import { ASKS_FOR_TRUST } from '../../scripts/vscode/serverBuild.mjs';

const SHOTS = fileURLToPath(new URL('../../test-results/', import.meta.url));

/** The VSIX that is tested. */
export function packaged(): string {
  const vsix = process.env.CHANNELWISE_VSIX;
  assert.ok(vsix && existsSync(vsix), 'CHANNELWISE_VSIX names the packaged extension');
  return vsix;
}

/** A real VS Code on a folder, with the extension, driven as a person does. */
export class Workbench {
  /** The window that is looked at. */
  page: Page;
  readonly context: BrowserContext;
  readonly url: string;
  /** What the first window and its frames and workers wrote to the console. */
  readonly log: string[] = [];
  /** What the browser asked of any host, for windows, frames and workers alike. */
  readonly requests: string[] = [];
  private readonly browser: Browser;
  private readonly stopServer: () => Promise<void>;

  private constructor(
    browser: Browser,
    context: BrowserContext,
    page: Page,
    server: { url: string; stop(): Promise<void> },
  ) {
    this.browser = browser;
    this.context = context;
    this.page = page;
    this.url = server.url;
    this.stopServer = () => server.stop();
    page.on('console', (message) => this.log.push(message.text()));
    context.on('request', (request) => this.requests.push(request.url()));
  }

  /** Opens the folder on a server with the packaged extension, and waits until the Explorer shows `file`. */
  static async open(folder: string, file: string): Promise<Workbench> {
    const workbench = await Workbench.on(await startServer({ extensions: [packaged()] }), folder);
    await workbench.answerTrust(/yes, i trust/i);
    await workbench.file(file).waitFor();
    return workbench;
  }

  /** Opens the folder, a path or a URI, where VS Code is served already. */
  static async on(server: { url: string; stop(): Promise<void> }, folder: string): Promise<Workbench> {
    mkdirSync(SHOTS, { recursive: true });
    const browser = await launchBrowser();
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const workbench = new Workbench(browser, context, await context.newPage(), server);
    await workbench.goTo(folder);
    await workbench.page.locator('.monaco-workbench').waitFor();
    return workbench;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.stopServer();
  }

  /** Answers whether the folder's authors are trusted, where that is asked. */
  async answerTrust(answer: RegExp): Promise<void> {
    if (ASKS_FOR_TRUST) await this.page.getByRole('button', { name: answer }).click();
  }

  /** Shows a folder in a new window. */
  async openWindow(folder: string): Promise<void> {
    this.page = await this.context.newPage();
    await this.goTo(folder);
  }

  private async goTo(folder: string): Promise<void> {
    await this.page.goto(windowUrl(this.url, folder));
  }

  file(name: string): Locator {
    return this.page.locator(`.explorer-folders-view .monaco-list-row[aria-label="${name}"]`);
  }

  /** Opens a context menu until it holds a command: right after the start the extension's may not be there yet. */
  async menuItem(target: string | Locator, command: string): Promise<Locator> {
    const row = typeof target === 'string' ? this.file(target) : target;
    const item = this.page.locator('.context-view').getByRole('menuitem', { name: command, exact: true });
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      await row.click({ button: 'right' });
      await this.page.locator('.context-view').getByRole('menuitem').first().waitFor();
      if ((await item.count()) > 0 || Date.now() > end) return item;
      await this.page.keyboard.press('Escape');
      await this.page.waitForTimeout(500);
    }
  }

  async choose(target: string | Locator, command: string): Promise<void> {
    const item = await this.menuItem(target, command);
    // A menu that has just opened takes no click for a moment.
    while ((await item.count()) > 0) {
      await this.page.waitForTimeout(300);
      await item.click({ timeout: 2_000 }).catch(() => undefined);
    }
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }

  /** The frame of the page that shows a text now; webviews sit two frames deep. */
  async pageWith(text: string): Promise<Frame> {
    const end = Date.now() + PATIENCE_MS;
    while (Date.now() < end) {
      for (const frame of this.page.frames()) {
        const found = frame.locator('cw-app').getByText(text, { exact: false }).first();
        if (await found.isVisible().catch(() => false)) return frame;
      }
      await this.page.waitForTimeout(100);
    }
    await this.shot('failed');
    return assert.fail(`no page shows "${text}"`);
  }

  /** An action in the editor's title bar. */
  titleBar(name: string): Locator {
    return this.page.locator('.editor-group-container.active .title .editor-actions').getByLabel(name);
  }

  quick(): Locator {
    return this.page.locator('.quick-input-widget');
  }

  toast(text: string): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text });
  }

  /** Waits until the quick input asks something. */
  async asked(text: string | RegExp): Promise<void> {
    await this.quick().getByText(text).first().waitFor();
  }

  async until(holds: () => Promise<boolean>, what: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (Date.now() > end) assert.fail(`not so: ${what}`);
      await this.page.waitForTimeout(50);
    }
  }
}
