#!/usr/bin/env node
import { launchBrowser } from './browser.mjs';
import { main } from './step.mjs';
import { startServer } from './vscodeServer.mjs';

// Stands in for the desktop VS Code: takes its arguments, runs the suite in the server build's extension host
// (through the workbench in Chromium), prints its console and exits with its verdict.

/** What the server build says in a closed network and without its optional native logger; not about us. */
const NOISE = /spdlog|ENOTFOUND|Could not locate the bindings file/;

/** A suite that says nothing for this long is stuck. */
const LIMIT_MS = 5 * 60_000;

function option(name) {
  return process.argv.find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3);
}

await main(async () => {
  const folder = process.argv.slice(2).find((a) => !a.startsWith('-'));
  // A suite does not start in a folder that is not trusted, and nobody is there to be asked.
  const server = await startServer({ trusted: true });
  const browser = await launchBrowser();
  try {
    const remote = (path) => `vscode-remote://${server.authority}${path}`;
    const payload = [
      ['extensionDevelopmentPath', remote(option('extensionDevelopmentPath'))],
      ['extensionTestsPath', remote(option('extensionTestsPath'))],
      ['skipWelcome', 'true'],
    ];
    const page = await browser.newPage();
    const verdict = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('The suite did not end in time.')), LIMIT_MS);
      void page.exposeFunction('codeAutomationExit', (code) => {
        clearTimeout(late);
        resolve(code);
      });
    });
    await page.exposeFunction('codeAutomationLog', (type, args) => {
      if (!args.some((a) => NOISE.test(String(a)))) console.log(...args);
    });
    await page.goto(`${server.url}/?${new URLSearchParams({ folder, payload: JSON.stringify(payload) })}`);
    process.exitCode = await verdict;
  } finally {
    await browser.close();
    await server.stop();
  }
});
