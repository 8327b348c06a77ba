// Slow: files of hundreds of megabytes.
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Splice } from '../../../src/bytes/splice.ts';
import { DirectFile, pageAligned } from '../../../src/files/save/directFile.ts';
import { openFileSource } from '../../../src/files/fileSource.ts';
import { saveBeside } from '../../../src/files/save/save.ts';
import { Random } from '../../fixtures/random.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const root = temporaryFolder('direct');

const PAGE = 4096;

/** How often this process has the file open; null where the system doesn't tell. */
function timesOpen(path: string): number | null {
  if (process.platform !== 'linux') return null;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}

/**
 * Writes in the given way, and gives what the file holds then and how often it was open while and after it was written.
 */
async function written(
  name: string,
  write: (file: DirectFile) => Promise<void>,
): Promise<{ bytes: Buffer; opened: (number | null)[] }> {
  const path = join(root, name);
  const handle = await open(path, 'wx');
  const file = await DirectFile.over(handle);
  const opened = [timesOpen(path)];
  await write(file);
  opened.push(timesOpen(path));
  await file.giveUp();
  opened.push(timesOpen(path));
  await handle.sync();
  await handle.close();
  return { bytes: readFileSync(path), opened };
}

test('buffers begin at a page, have the length asked for and share no byte', () => {
  const buffers = pageAligned(3, 100_000);
  assert.deepEqual(
    buffers.map((b) => [b.length, b.byteOffset % PAGE]),
    [
      [100_000, 0],
      [100_000, 0],
      [100_000, 0],
    ],
  );
  buffers.forEach((b, i) => b.fill(i + 1));
  assert.ok(buffers.every((b, i) => b.every((v) => v === i + 1)));
});

test('aligned and unaligned writes in any order make one file', async () => {
  const random = new Random(3);
  const expected = Buffer.from(Uint8Array.from({ length: 40 * PAGE + 77 }, () => random.int(256)));
  const [buffer] = pageAligned(1, expected.length);
  assert.ok(buffer);
  buffer.set(expected);
  const parts: readonly (readonly [start: number, end: number])[] = [
    [8 * PAGE, 16 * PAGE],
    [40 * PAGE, expected.length],
    [0, 3],
    [3, 8 * PAGE],
    [16 * PAGE, 40 * PAGE],
  ];
  const { bytes, opened } = await written('parts', async (file) => {
    for (const [start, end] of parts) assert.equal(await file.write(buffer, start, end - start, start), end - start);
  });
  assert.ok(bytes.equals(expected));
  // Open twice means that the direct way was there, and stayed: no aligned write was turned down.
  if (opened[0] === 2) assert.deepEqual(opened, [2, 2, 1]);
});

test('memory that begins anywhere is written in the usual way from then on', async () => {
  const expected = Buffer.alloc(4 * PAGE, 7);
  const [memory] = pageAligned(1, 6 * PAGE);
  assert.ok(memory);
  // An ArrayBuffer of its own whose first byte lies at no page: what counts is the address, not the offset in it.
  const plain = new Uint8Array(new ArrayBuffer(2 * PAGE)).fill(7);
  memory.fill(7);
  const { bytes, opened } = await written('anywhere', async (file) => {
    assert.equal(await file.write(plain, 0, 2 * PAGE, 0), 2 * PAGE);
    assert.equal(await file.write(memory, 0, 2 * PAGE, 2 * PAGE), 2 * PAGE);
  });
  assert.ok(bytes.equals(expected));
  assert.equal(opened[2], opened[0] === null ? null : 1);
});

/** Fills a buffer from a file, as new memory for each takes longer than reading it; gives how much the file holds. */
function readInto(buffer: Buffer, path: string): number {
  const file = openSync(path, 'r');
  try {
    for (let length = 0; ;) {
      const read = readSync(file, buffer, length, buffer.length - length, length);
      if (read === 0) return length;
      length += read;
    }
  } finally {
    closeSync(file);
  }
}

test('a large model is saved whole, whatever lies at the borders of its steps', async () => {
  const step = 2 * 1024 * 1024;
  const random = new Random(5);
  const block = Uint8Array.from({ length: 1_000_003 }, () => random.int(256));
  const original = Buffer.concat(Array.from({ length: 68 }, () => block));
  const source = join(root, 'model.onnx');
  writeFileSync(source, original);
  const cut = (start: number, end: number, length: number): Splice => ({
    start,
    end,
    bytes: Uint8Array.from({ length }, (_, i) => (start + i) % 251),
  });
  const sets: Readonly<Record<string, readonly Splice[]>> = {
    nothing: [],
    'shorter at the front': [cut(100, 50_000, 3)],
    'longer than a step': [cut(10, 20, 2 * step + 11)],
    'at a border': [cut(step - 1, step + 1, 9), cut(3 * step, 3 * step, 1), cut(4 * step - 5, 4 * step, 0)],
    'thousands in one step': Array.from({ length: 5000 }, (_, i) => cut(1000 + i * 40, 1004 + i * 40, i % 9)),
    'a whole number of steps': [cut(0, original.length - 32 * step, 0)],
    'at the end': [cut(original.length - 7, original.length, 100)],
  };
  const found = Buffer.alloc(original.length + 3 * step);
  for (const [name, splices] of Object.entries(sets)) {
    const opened = await openFileSource(source);
    const path = await saveBeside({ source: opened, splices, directory: root, candidates: (i) => `${name} ${i}.onnx` });
    await opened.close();
    const saved = found.subarray(0, readInto(found, path));
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { start, end, bytes } of splices) {
      parts.push(original.subarray(from, start), bytes);
      from = end;
    }
    let at = 0;
    for (const part of [...parts, original.subarray(from)]) {
      assert.ok(saved.subarray(at, at + part.length).equals(part), `${name}, behind byte ${at}`);
      at += part.length;
    }
    assert.equal(saved.length, at, name);
    assert.equal(timesOpen(path) ?? 0, 0, name);
    rmSync(path);
  }
});
