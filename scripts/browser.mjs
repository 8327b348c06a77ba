import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** First the one without windows, which takes three quarters of the processor time that the whole browser takes. */
const NAMES = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
];

/** Where Chrome is on macOS and Windows, which don't put it on the PATH. */
const INSTALLED = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** CHROMIUM in the environment, else what the PATH and the usual places hold. */
function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin'].filter(Boolean);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = [...onPath, ...INSTALLED].find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    'Chromium is needed to drive VS Code and was not found; install it (on Debian: apt-get install chromium).',
  );
}

/** A headless Chromium that asks nothing of the network beyond what the page does. */
function options() {
  return {
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  };
}

/** A browser of the caller's own. One for several processes would take more: all that is said to it goes two ways. */
export function launchBrowser() {
  return chromium.launch(options());
}
