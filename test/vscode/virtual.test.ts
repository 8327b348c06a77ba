import * as vscode from 'vscode';
import { Links } from '../../src/vscode/editor/links.ts';
import { HOST_FILES } from '../../src/vscode/hostFiles.ts';
import { asPage } from './asPage.ts';
import assert from './assert.ts';
import { read, uri } from './files.ts';
import { MemoryFileSystem } from './memoryFileSystem.ts';
import { answering, recordEnv, replaced } from './seams.ts';
import { ownExtension, until } from './workspace.ts';

const SCHEME = 'channelwise-virtual';
const inMemory = (path: string): vscode.Uri => vscode.Uri.from({ scheme: SCHEME, path });

describe('Channelwise on files that lie on no disk', () => {
  const files = new MemoryFileSystem(SCHEME);
  const extension = ownExtension();
  let registered: vscode.Disposable | null = null;
  before(async () => {
    registered = vscode.workspace.registerFileSystemProvider(SCHEME, files, { isCaseSensitive: true });
    files.put('/a b', null);
    files.put('/a b/net.onnx', await read(uri('resnet.onnx')));
    files.put('/a b/weights.safetensors', await read(uri('weights.safetensors')));
  });
  after(() => registered?.dispose());

  const pageOf = (of: vscode.Uri): ReturnType<typeof asPage> => asPage(extension, extension.models.add(of));

  it('opens a model in its editor, converts it by the command, verifies and compares it', async () => {
    const original = inMemory('/a b/net.onnx');
    await vscode.commands.executeCommand('vscode.open', original);
    await until('the custom editor is open', () => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom && input.uri.toString() === original.toString();
    });
    await vscode.commands.executeCommand('channelwise.convertToGrayscale', original);
    assert.ok(files.names().includes('/a b/net.gray.onnx'), files.names().join());
    const gray = inMemory('/a b/net.gray.onnx');
    const ask = pageOf(gray);
    const model = await ask('model', null);
    assert.equal(model.head.fileName, 'net.gray.onnx');
    assert.equal(model.head.adaptation?.original.state, 'same');
    assert.equal((await ask('prove', null)).verdict, 'proved');
    assert.equal((await ask('lastProof', null))?.verdict, 'proved');
    await ask('command', { name: 'compareOriginal' });
    assert.ok(await ask('comparison', null));
    assert.equal((await ask('tensorStatistics', { tensor: 'conv1.weight' })).count, 16 * 7 * 7);
    files.put('/a b/net.onnx', await read(uri('second.onnx')));
    assert.equal(await ask('lastProof', null), null, 'the original was written to since');
  });

  it('follows a link to a layer where its folder is open, and nowhere else', async () => {
    const net = inMemory('/a b/net.onnx');
    const { copied, stop } = recordEnv();
    try {
      await pageOf(net)('copyLink', { node: 'conv & 1' });
    } finally {
      stop();
    }
    const [link = ''] = copied;
    assert.ok(link.startsWith(`${vscode.env.uriScheme}://channelwise.channelwise/open?file=`), link);
    const opened: unknown[] = [];
    const show = ({ node }: { node: string }): unknown => opened.push(node);
    const open = (file: vscode.Uri): Promise<unknown> => Promise.resolve(opened.push(file.toString()) && { show });
    const links = new Links({ open } as unknown as ConstructorParameters<typeof Links>[0]);
    const follow = async (folders: readonly vscode.Uri[], to = link): Promise<void> => {
      const workspaceFolders = folders.map((of, index) => ({ uri: of, name: 'test', index }));
      const stopFolders = replaced(vscode.workspace, { workspaceFolders });
      try {
        await links.handleUri(vscode.Uri.parse(to));
      } finally {
        stopFolders();
      }
    };
    const { said, stop: stopMessages } = answering(net, []);
    try {
      for (const folders of [[], [uri('')], [inMemory('/other')], [inMemory('/a')], [net]]) await follow(folders);
      assert.deepEqual(opened, []);
      for (const text of said) assert.match(text, /^net\.onnx is in no folder that is open here/);
      assert.equal(said.length, 5);
      await follow([inMemory('/a b')], link.replace('net', 'gone'));
      assert.match(said[5] ?? '', /^gone\.onnx is in no folder/);
      await follow([inMemory('/a b')], link.replace('net.onnx', '..%252Fa%2520b%252Fnet.onnx'));
      assert.deepEqual(opened, [], 'a way up leads nowhere');
      await follow([inMemory('/a b')]);
      assert.deepEqual(opened, [net.toString(), 'conv & 1']);
    } finally {
      stopMessages();
    }
  });

  it('converts weights without a graph', async () => {
    await vscode.commands.executeCommand('channelwise.convertToGrayscale', inMemory('/a b/weights.safetensors'));
    assert.ok(files.names().includes('/a b/weights.gray.safetensors'));
    assert.ok(!files.names().some((name) => name.endsWith('.tmp')));
  });

  it('says which file failed and why, in one sentence', async () => {
    const csv = new Uint8Array(1);
    const rows: readonly [work: () => Promise<unknown>, said: string][] = [
      [() => HOST_FILES.read(`${SCHEME}:/gone.onnx`), 'gone.onnx could not be read: it does not exist.'],
      [
        () => HOST_FILES.write(`${SCHEME}:/fails at writeFile/of.csv`, csv),
        'of.csv could not be written: its file system is not available.',
      ],
    ];
    for (const [work, said] of rows) await assert.rejects(work, { name: 'ChannelwiseError', message: said });
  });
});
