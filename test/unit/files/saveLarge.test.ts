import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import type { SaveSource } from '../../../src/files/save/request.ts';
import { saveBeside } from '../../../src/files/save/save.ts';
import type { SaveFs, SaveHandle } from '../../../src/files/save/saveFs.ts';

/** A file of 1.25 GiB that takes no time and no room: several flushes begin while the copy goes on. */
const LARGE = 1.25 * 1024 ** 3;

/** Saves it with the `fails`-th flush in the background going wrong, `late` only when everything is written. */
async function flushing(
  fails: number,
  late: boolean,
  signal?: AbortController,
): Promise<{ outcome: string; calls: string[] }> {
  const calls: string[] = [];
  let flushes = 0;
  let done = 0;
  let written: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    written = resolve;
  });
  const source: SaveSource = {
    path: 'large.onnx',
    size: LARGE,
    mode: 0o644,
    sparse: false,
    readInto: async () => undefined,
    unchanged: async () => true,
  };
  const handle: SaveHandle = {
    write: async (_bytes, _offset, length) => {
      done += length;
      if (done === LARGE) written();
      return length;
    },
    identity: async () => 'the file',
    flush: async () => {
      calls.push('flush');
      if (++flushes !== fails) return;
      if (late) await all;
      signal?.abort();
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    },
    sync: async () => void calls.push('sync'),
    close: async () => void calls.push('close'),
  };
  const fs: SaveFs = {
    open: async () => handle,
    exists: async () => false,
    identity: async () => 'the file',
    rename: async () => undefined,
    unlink: async () => undefined,
    link: async () => void calls.push('link'),
    folder: async () => ({
      remove: async () => void calls.push('remove'),
      sync: async () => undefined,
      close: async () => undefined,
    }),
  };
  const outcome = await saveBeside({
    source,
    splices: [],
    directory: '.',
    candidates: (i) => (i ? null : 'out.onnx'),
    fs,
    signal: signal?.signal,
  }).then(
    () => 'written',
    (error: unknown) => (error instanceof ChannelwiseError ? error.code : String(error)),
  );
  for (let i = 0; !calls.includes('close') && i < 200; i++)
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  return { outcome, calls };
}

test('a flush in the background that fails ends the save: nothing is published, the temporary file is closed and removed', async () => {
  for (const [fails, late] of [
    [1, false],
    [2, false],
    [1, true],
    [2, true],
  ] as const) {
    const { outcome, calls } = await flushing(fails, late);
    assert.equal(outcome, 'disk-full', `flush ${fails}, ${late ? 'late' : 'at once'}`);
    assert.deepEqual(
      calls.filter((c) => c !== 'flush').sort(),
      ['close', 'remove'],
      `flush ${fails}, ${late ? 'late' : 'at once'}`,
    );
  }
  assert.deepEqual(
    await flushing(1, false, new AbortController()).then(({ outcome, calls }) => [
      outcome,
      calls.includes('link'),
      calls.includes('close'),
    ]),
    ['cancelled', false, true],
  );
  const { outcome, calls } = await flushing(0, false);
  assert.equal(outcome, 'written');
  assert.ok(calls.filter((c) => c === 'flush').length > 2);
  assert.deepEqual(
    calls.filter((c) => c !== 'flush'),
    ['sync', 'link', 'close', 'remove'],
  );
});

/**
 * Saves a file of no content to a disk that writes its bytes at two speeds, and says which ways were used after the
 * trials.
 */
async function trial(usual: number, direct: number): Promise<boolean[]> {
  const ways: boolean[] = [];
  let isDirect = false;
  let trialled = 0;
  const handle: SaveHandle = {
    write: async (_bytes, _offset, length) => {
      const delay = isDirect ? direct : usual;
      if (trialled < 2 && delay > 0)
        await new Promise((resolve) => {
          setTimeout(resolve, delay);
        });
      return length;
    },
    writeDirectly: (on) => {
      trialled++;
      isDirect = on;
      ways.push(on);
    },
    identity: async () => 'the file',
    flush: async () => undefined,
    sync: async () => undefined,
    close: async () => undefined,
  };
  await saveBeside({
    source: {
      path: 'large.onnx',
      size: LARGE,
      mode: 0o644,
      sparse: false,
      readInto: async () => undefined,
      unchanged: async () => true,
    },
    splices: [],
    directory: '.',
    candidates: (i) => (i ? null : 'out.onnx'),
    fs: {
      open: async () => handle,
      exists: async () => false,
      identity: async () => 'the file',
      rename: async () => undefined,
      unlink: async () => undefined,
      link: async () => undefined,
      folder: async () => ({
        remove: async () => undefined,
        sync: async () => undefined,
        close: async () => undefined,
      }),
    },
  });
  return ways;
}

test('the way of writing that was faster in the trials is used for the rest of the file', async () => {
  assert.deepEqual(await trial(0, 20), [true, false]);
  assert.deepEqual(await trial(20, 0), [true]);
});
