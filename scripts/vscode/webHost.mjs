import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { getServerBuild } from './serverBuild.mjs';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.ttf': 'font/ttf',
};

/**
 * The workbench of the server build takes the server for its remote, and keeps the user's settings there. Without, it
 * is VS Code for the Web.
 */
const REMOTE = 'remoteAuthority:location.host';
const SETTINGS_THERE = /(file\(this\.userDataPath\)\.with\(\{scheme:[\w$]+\.)vscodeRemote\}/g;
const WORKBENCH = '/out/vs/code/browser/workbench/workbench.js';
const THEMES = ['theme-defaults'];

function page(build, configuration) {
  const values = {
    WORKBENCH_WEB_CONFIGURATION: JSON.stringify(configuration).replaceAll('"', '&quot;'),
    WORKBENCH_AUTH_SESSION: '',
    WORKBENCH_WEB_BASE_URL: '/build',
    WORKBENCH_NLS_FALLBACK_URL: '/build/out/nls.messages.js',
    WORKBENCH_NLS_URL: '',
    BASE: '/build',
    VS_BASE: '/build',
  };
  const html = readFileSync(join(build, 'out/vs/code/browser/workbench/workbench.html'), 'utf8');
  return html.replace(/\{\{([^}]+)\}\}/g, (_, name) => values[name] ?? '');
}

/**
 * Serves VS Code for the Web from the server build's own files, with no server behind it: extensions run in the
 * browser's extension host, a web worker. `extensions` are folders; each is served under its position. `suites` is that
 * of `startServer`.
 */
export async function startWebHost({ extensions, suites = false }) {
  const build = await getServerBuild();
  const served = readFileSync(join(build, WORKBENCH), 'utf8');
  const workbench = served.replace(REMOTE, 'remoteAuthority:void 0').replace(SETTINGS_THERE, '$1vscodeUserData}');
  if (!served.includes(REMOTE) || served.search(SETTINGS_THERE) < 0)
    throw new Error('This VS Code build names its remote in another way.');
  const roots = { build, ...Object.fromEntries(extensions.map((folder, i) => [`extension${i}`, folder])) };
  let authority = '';
  const configuration = () => ({
    serverBasePath: '.',
    userDataPath: '/user',
    isEnabledFileDownloads: true,
    isEnabledFileUploads: true,
    isEnabledCoderGettingStarted: false,
    webviewEndpoint: `http://${authority}/build/out/vs/workbench/contrib/webview/browser/pre`,
    enableWorkspaceTrust: false,
    developmentOptions: { enableSmokeTestDriver: suites },
    productConfiguration: { enableTelemetry: false, extensionsGallery: undefined },
    additionalBuiltinExtensions: [
      ...THEMES.map((name) => ({ scheme: 'http', authority, path: `/build/extensions/${name}` })),
      ...extensions.map((_, i) => ({ scheme: 'http', authority, path: `/extension${i}` })),
    ],
  });
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (path === '/') return send(response, 'text/html', page(build, configuration()));
    if (path === `/build${WORKBENCH}`) return send(response, 'text/javascript', workbench);
    const [, root = '', ...rest] = path.split('/');
    const file = Object.hasOwn(roots, root) ? join(roots[root], normalize(`/${rest.join('/')}`)) : '';
    if (!file || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  authority = `127.0.0.1:${server.address().port}`;
  return {
    url: `http://${authority}`,
    authority,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

function send(response, type, text) {
  response.writeHead(200, { 'content-type': type }).end(text);
}
