import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from '../step.mjs';

const TEXTS = /^(licen[cs]e|copying|notices?|copyrightnotice)(\.\w+)?$/i;

/** Packages that name the MIT licence in package.json and ship no text of it, with who holds the copyright. */
const MIT_HOLDERS = new Map(
  [
    'onnxruntime-web',
    'onnxruntime-common',
    '@microsoft/fast-element',
    '@microsoft/fast-foundation',
    '@microsoft/fast-web-utilities',
  ].map((name) => [name, 'Microsoft Corporation']),
);
/** What a package's own files leave out. */
const REMARKS = new Map([
  [
    'onnxruntime-web',
    'The WebAssembly build holds other libraries in turn; ThirdPartyNotices.txt in the repository microsoft/onnxruntime lists them.',
  ],
]);

/**
 * The folders of the packages from which bundles took code. Metafiles are esbuild's, with paths relative to the
 * repository.
 */
export function bundledPackages(metafiles) {
  const files = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file);
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].map((folder) => resolve(root, folder)).sort();
}

/** Throws for a package without a text, so that none ships unnoticed. */
function licenceTexts(folder, { name, license }) {
  const texts = readdirSync(folder)
    .filter((file) => TEXTS.test(file))
    .sort()
    .map((file) => textOf(join(folder, file)));
  if (texts.length > 0) return texts;
  const holder = MIT_HOLDERS.get(name);
  if (holder !== undefined && license === 'MIT')
    return [textOf(join(root, 'LICENSE')).replace(/^Copyright.*$/m, `Copyright (c) ${holder}`)];
  throw new Error(
    `The bundled package ${name} (${license}) has no licence text; add its holder to scripts/bundles/notices.mjs.`,
  );
}

function textOf(path) {
  return readFileSync(path, 'utf8').replace(/\r/g, '').trim();
}

/** The licences of the packages in these folders, whose authors ask that copies carry them. */
export function noticesText(folders) {
  const sections = folders.map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { name, version, license } = manifest;
    const remarks = REMARKS.has(name) ? [REMARKS.get(name)] : [];
    return [`${name} ${version} (${license})`, ...remarks, ...licenceTexts(folder, manifest)].join('\n\n');
  });
  return `Channelwise's bundles contain code of these packages.\n\n${sections.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Writes the licences of what esbuild bundled, by its metafiles. */
export function writeNotices(metafiles) {
  writeFileSync(join(root, 'dist/THIRD_PARTY_NOTICES.txt'), noticesText(bundledPackages(metafiles)));
}
