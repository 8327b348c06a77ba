import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import jpeg from 'jpeg-js';
import { mapFromFile } from '../../../src/jobs/maps/mapOptions.ts';
import { decodePicture, readPicture } from '../../../src/files/images/images.ts';
import { classIndex } from '../../../src/files/images/labels.ts';
import { crc32 } from '../../../src/bytes/crc32.ts';
import { Random } from '../../fixtures/random.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const root = temporaryFolder('images');

interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced?: boolean;
  readonly palette?: Uint8Array;
  /** Uncompressed lines, each behind its filter's number. */
  readonly raw: Uint8Array;
}

function chunk(name: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

function pngBytes(parts: PngParts): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(parts.width, 0);
  header.writeUInt32BE(parts.height, 4);
  header.set([parts.depth, parts.colourType, 0, 0, parts.interlaced ? 1 : 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(parts.palette ? [chunk('PLTE', parts.palette)] : []),
    chunk('IDAT', deflateSync(parts.raw)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Random bytes in lines with random filters, as a picture of that kind has them. */
function randomLines(random: Random, { width, height, depth, colourType, interlaced }: Omit<PngParts, 'raw'>): Buffer {
  const passes = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  const lines: Uint8Array[] = [];
  for (const [x, y, dx, dy] of passes) {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    if (columns <= 0 || rows <= 0) continue;
    const length = Math.ceil((columns * (SAMPLES[colourType] ?? 0) * depth) / 8);
    for (let row = 0; row < rows; row++)
      lines.push(Uint8Array.from({ length: length + 1 }, (_, i) => (i === 0 ? random.int(5) : random.int(256))));
  }
  return Buffer.concat(lines);
}

test('PNGs of every kind give the colours that pngjs gives', () => {
  const random = new Random(5);
  const palette = Uint8Array.from({ length: 768 }, () => random.int(256));
  let compared = 0;
  for (const [colourType, depths] of [
    [0, [1, 2, 4, 8, 16]],
    [2, [8, 16]],
    [3, [1, 2, 4, 8]],
    [4, [8, 16]],
    [6, [8, 16]],
  ] as const)
    for (const depth of depths)
      for (const interlaced of [false, true])
        for (const [width, height] of [
          [1, 1],
          [7, 5],
          [33, 18],
        ] as const) {
          const kind = { width, height, depth, colourType, interlaced, ...(colourType === 3 ? { palette } : {}) };
          const bytes = pngBytes({ ...kind, raw: randomLines(random, kind) });
          const { data } = PNG.sync.read(bytes);
          const wanted = [...data].filter((_, i) => i % 4 !== 3);
          const found = decodePicture(bytes, 'x.png');
          const what = `type ${colourType}, ${depth} bits, ${width}×${height}${interlaced ? ', interlaced' : ''}`;
          assert.deepEqual([found.width, found.height], [width, height], what);
          assert.deepEqual([...found.rgb], wanted, what);
          compared++;
        }
  assert.equal(compared, 90);
});

const RGB = { width: 4, height: 4, depth: 8, colourType: 2 } as const;
const LINES = new Uint8Array(4 * 13);

test('PNGs that are short, damaged or too large are refused before anything of their size is made', () => {
  const good = pngBytes({ ...RGB, raw: LINES });
  const flipped = Buffer.from(good);
  flipped[45] = (flipped[45] ?? 0) ^ 1;
  const huge = { ...RGB, width: 30_000, height: 30_000 };
  const rows: readonly [what: string, bytes: Buffer, says: RegExp][] = [
    ['rows are missing', pngBytes({ ...RGB, raw: LINES.subarray(13) }), /cut short/],
    ['rows too many', pngBytes({ ...RGB, raw: new Uint8Array(100) }), /damaged/],
    ['the file ends', good.subarray(0, good.length - 20), /cut short/],
    ['a bit is wrong', flipped, /checksum/],
    ['900 million pixels', pngBytes({ ...huge, raw: LINES }), /900,000,000 pixels/],
    ['900 million pixels, interlaced', pngBytes({ ...huge, interlaced: true, raw: LINES }), /900,000,000 pixels/],
    ['64 million pixels in some bytes', pngBytes({ ...RGB, width: 8000, height: 8000, raw: LINES }), /cut short/],
    ['an unknown filter', pngBytes({ ...RGB, raw: LINES.slice().fill(9) }), /damaged/],
    ['no such depth', pngBytes({ ...RGB, depth: 4, raw: LINES }), /header/],
    ['no pixels', pngBytes({ ...RGB, width: 0, raw: LINES }), /header/],
    ['no palette', pngBytes({ ...RGB, colourType: 3, raw: LINES.subarray(0, 20) }), /palette/],
    [
      'a colour that the palette lacks',
      pngBytes({
        ...RGB,
        colourType: 3,
        palette: new Uint8Array(3),
        raw: Uint8Array.from({ length: 20 }, (_, i) => i % 5),
      }),
      /palette/,
    ],
  ];
  for (const [what, bytes, says] of rows)
    assert.throws(() => decodePicture(bytes, 'x.png'), { kind: 'refused', code: 'image', message: says }, what);
  assert.equal(decodePicture(good, 'x.png').rgb.length, 48);
});

test('JPEGs that are too large, in printing inks or made of endless scans are refused by their header', () => {
  const data = Buffer.alloc(16 * 16 * 4, 200);
  const good = jpeg.encode({ width: 16, height: 16, data }, 90).data;
  assert.equal(decodePicture(good, 'x.jpg').rgb.length, 16 * 16 * 3);
  const frame = good.indexOf(Buffer.from([0xff, 0xc0]));
  const large = Buffer.from(good);
  large.writeUInt16BE(60_000, frame + 5);
  large.writeUInt16BE(60_000, frame + 7);
  const scan = good.subarray(good.indexOf(Buffer.from([0xff, 0xda])), good.length - 2);
  const endless = Buffer.concat([good.subarray(0, good.length - 2), ...Array.from({ length: 60 }, () => scan)]);
  const rows: readonly [what: string, bytes: Buffer, says: RegExp][] = [
    ['too large', large, /3,600,000,000 pixels/],
    ['60 scans more', endless, /61 scans/],
    ['no frame', Buffer.from([0xff, 0xd8, 0xff, 0xd9, 0, 0]), /header/],
    ['cut in its header', good.subarray(0, frame + 6), /header/],
  ];
  for (const [what, bytes, says] of rows)
    assert.throws(() => decodePicture(bytes, 'x.jpg'), { kind: 'refused', code: 'image', message: says }, what);
});

test(
  'pipes, devices and folders are told in the place of pictures, labels and maps',
  { skip: process.platform === 'win32' ? 'Windows has no such files in folders' : false },
  async () => {
    const at = (name: string): string => join(root, name);
    spawnSync('mkfifo', [at('pipe.png'), at('pipe.json'), at('classes.txt')]);
    symlinkSync('/dev/zero', at('endless.png'));
    symlinkSync('/dev/zero', at('endless.json'));
    mkdirSync(at('folder.png'));
    for (const name of ['pipe.png', 'endless.png', 'folder.png', 'none.png'])
      await assert.rejects(
        readPicture(at(name)),
        { kind: 'io', message: new RegExp(`^The image ${name} (is|does)`) },
        name,
      );
    for (const name of ['pipe.json', 'endless.json']) {
      await assert.rejects(
        classIndex({ dir: root, labels: { file: at(name) }, folders: ['a'], classes: 2 }),
        { kind: 'io', code: 'not-a-file' },
        name,
      );
      await assert.rejects(mapFromFile(at(name)), { kind: 'io', code: 'not-a-file' }, name);
    }
    await assert.rejects(classIndex({ dir: root, labels: undefined, folders: ['a'], classes: 2 }), {
      kind: 'io',
      code: 'not-a-file',
    });
    const deep = at('deep.json');
    writeFileSync(deep, '{"a":'.repeat(50_000));
    await assert.rejects(classIndex({ dir: root, labels: { file: deep }, folders: ['a'], classes: 2 }), {
      kind: 'refused',
      message: /100 levels/,
    });
    await assert.rejects(mapFromFile(deep), { kind: 'refused', message: /100 levels/ });
  },
);
