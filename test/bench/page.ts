import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { readPageModel } from '../../src/page/readPage.ts';
import { packModel } from '../../src/protocol/pack.ts';
import type { PageModel } from '../../src/protocol/pageModel.ts';
import { GraphModel } from '../../webview-ui/graph/graphModel.ts';
import { launch, pageScript } from '../e2e/pageHarness.ts';
import { residualPage, resnet50Page } from '../fixtures/pageModels.ts';
import { writePageFile } from '../fixtures/pageFile.ts';
import { THEMES } from '../fixtures/themes.ts';
import type { Figure } from './main.ts';

const ROUNDS = 5;
const FILES: readonly [string, () => PageModel, number][] = [
  ['ResNet-50', resnet50Page, 1],
  ['ResNet-50, four times as wide', resnet50Page, 4],
  ['residual network of 5,000 nodes', () => residualPage(5000), 1],
  ['residual network of 30,000 nodes', () => residualPage(30_000), 1],
];
const PARTS = ['read', 'transfer', 'graph', 'layout', 'draw'] as const;
type Times = Record<(typeof PARTS)[number] | 'total', number>;

/**
 * From handing over the file to the first drawn frame, all groups open, in headless Chromium; then frames while
 * panning.
 */
export async function benchPage(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-bench-page-'));
  const browser = await launch();
  try {
    const figures: Figure[] = [];
    for (const [name, make, widen] of FILES) {
      const file = join(folder, 'model.onnx');
      writePageFile(file, make(), widen);
      const size = Math.round(statSync(file).size / 1e6);
      const rounds: Times[] = [];
      let frames: Figure[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        const opened = await open(browser, file);
        rounds.push(opened.times);
        if (i === ROUNDS - 1 && name.includes('30,000')) frames = await panning(opened.page);
        await opened.close();
      }
      const middle = (part: keyof Times): number => median(rounds.map((r) => r[part]));
      figures.push(
        {
          what: `${name} (${size} MB): first frame`,
          value: middle('total'),
          unit: `ms, of which ${PARTS.map((p) => `${p} ${Math.round(middle(p))}`).join(', ')}`,
        },
        ...frames,
      );
      rmSync(file);
    }
    return figures;
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/**
 * The host's part runs here, as its worker does; the answer crosses as VS Code's messages do: JSON, with the bytes of
 * typed arrays behind it.
 */
async function open(browser: Browser, file: string): Promise<{ page: Page; times: Times; close(): Promise<void> }> {
  const model = await readPageModel(file);
  const graph = new GraphModel(model);
  const state = {
    file: model.fileName,
    nodes: model.nodes.length,
    open: graph.openPaths(new Uint8Array(graph.hierarchy.groups.length).fill(1)),
  };
  const script = await pageScript();
  const css = readFileSync(fileURLToPath(new URL('../../webview-ui/page.css', import.meta.url)));
  let read = NaN;
  const server = createServer((request, response) => {
    const send = (type: string, body: string | Buffer): void =>
      void response.writeHead(200, { 'content-type': type }).end(body);
    if (request.url === '/page.js') return send('text/javascript', script);
    if (request.url === '/page.css') return send('text/css', css);
    if (request.url !== '/model') {
      const start = `(${host.toString()})(${JSON.stringify({ state, theme: THEMES.dark })})`;
      const head = '<!DOCTYPE html><link rel="stylesheet" href="/page.css"><body>';
      const scripts = `<script>window.__name = (f) => f; ${start}</script><script src="/page.js"></script>`;
      return send('text/html', head + scripts);
    }
    // A changed time: what was kept of an earlier scan does not count.
    utimesSync(file, new Date(), new Date());
    const start = performance.now();
    void readPageModel(file).then((result) => {
      read = performance.now() - start;
      // Worker to extension host, then extension host to page.
      send('application/octet-stream', asMessage({ type: 'done', result: structuredClone(packModel(result)) }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => (window as unknown as { __asked?: boolean }).__asked);
  const marks = await page.evaluate(() => (window as unknown as { __go(): Promise<Record<string, number>> }).__go());
  const times: Times = {
    total: marks.paint! - marks.start!,
    read,
    transfer: marks.model! - marks.start! - read,
    graph: marks.graph! - marks.model!,
    layout: marks.laid! - marks.graph!,
    draw: marks.paint! - marks.laid!,
  };
  return {
    page,
    times,
    close: async () => {
      await page.close();
      server.close();
    },
  };
}

/** The length of the JSON, the JSON, and the arrays that it refers to by their place behind it. */
function asMessage(value: unknown): Buffer {
  const arrays: Buffer[] = [];
  let at = 0;
  const json = Buffer.from(
    JSON.stringify(value, (_, v: unknown) => {
      if (!ArrayBuffer.isView(v)) return v;
      arrays.push(Buffer.from(v.buffer, v.byteOffset, v.byteLength));
      at += v.byteLength;
      return { typed: v.constructor.name, from: at - v.byteLength, to: at };
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, ...arrays]);
}

/** Runs in the page: a host that answers when told to, and times what follows. */
function host({ state, theme }: { state: unknown; theme: { body: string; tokens: Record<string, string> } }): void {
  const w = window as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(theme.tokens))
    document.documentElement.style.setProperty(`--vscode-${name}`, value);
  document.body.className = theme.body;
  // The model's answer waits for `__go`; whatever else is asked has none here.
  const asked = { model: 0 };
  w.acquireVsCodeApi = () => ({
    postMessage: ({ id, method }: { id: number; method?: string }) => {
      if (method === 'model') {
        asked.model = id;
        w.__asked = true;
      } else window.postMessage({ type: 'done', id, result: null }, '*');
    },
    getState: () => state,
    setState: () => undefined,
  });
  w.__go = async () => {
    const start = performance.now();
    const drawn = new Promise<number>((done) =>
      new PerformanceObserver((list) => {
        const first = list.getEntriesByName('channelwise:paint')[0];
        if (first) done(first.startTime + first.duration);
      }).observe({ entryTypes: ['measure'] }),
    );
    const bytes = await (await fetch('/model')).arrayBuffer();
    const arrays = 4 + new DataView(bytes).getUint32(0, true);
    const typed = (
      _: string,
      v: { typed?: 'Int32Array' | 'Float64Array'; from: number; to: number } | null,
    ): unknown => (v?.typed ? new window[v.typed](bytes.slice(arrays + v.from, arrays + v.to)) : v);
    const message = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, arrays - 4)), typed) as object;
    window.postMessage({ ...message, id: asked.model }, '*');
    const paint = await drawn;
    const at = (name: string): number => performance.getEntriesByName(`channelwise:${name}`)[0]?.startTime ?? NaN;
    return { start, paint, model: at('model'), graph: at('graph'), laid: at('laid-out') };
  };
}

/** Median time to paint a frame and median time between frames while the picture is dragged, at three zooms. */
async function panning(page: Page): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [what, scale] of [
    ['whole picture', 0],
    ['boxes without text', 0.12],
    ['readable', 1],
  ] as const) {
    const { paints, frames, boxes } = await page.evaluate(async (wanted) => {
      type View = { x: number; y: number; scale: number };
      const app = document.querySelector('cw-app')?.shadowRoot?.querySelector('cw-model-page') as unknown as {
        graphView: {
          view: View;
          setView(v: View): void;
          scene: { geometry: { width: number; height: number; y: Float64Array; h: Float64Array } };
        };
      };
      const view = app.graphView;
      const { geometry } = view.scene;
      const scale = wanted || 780 / geometry.height;
      const y = wanted ? -geometry.height * scale * 0.4 : 10;
      performance.clearMeasures();
      const frames: number[] = [];
      let last = performance.now();
      for (let i = 0; i < 40; i++) {
        view.setView({ x: 400 - (geometry.width * scale) / 2 + i, y: y - 3 * i, scale });
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        frames.push(performance.now() - last);
        last = performance.now();
      }
      const boxes = geometry.y.reduce(
        (n, top, b) => n + (top * scale + y < 800 && (top + geometry.h[b]!) * scale + y > 0 ? 1 : 0),
        0,
      );
      return { paints: performance.getEntriesByName('channelwise:paint').map((e) => e.duration), frames, boxes };
    }, scale);
    figures.push({
      what: `30,000 nodes, all open, panning, ${what} (${boxes} boxes in view)`,
      value: median(paints),
      unit: `ms to paint, ${median(frames).toFixed(1)} ms a frame`,
    });
  }
  return figures;
}
