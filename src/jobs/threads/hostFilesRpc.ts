import type { FilePart, HostFiles } from '../../files/virtual/hostFiles.ts';
import { RpcCalls } from '../../rpc/calls.ts';
import type { Answers, RpcReply } from '../../rpc/messages.ts';
import { ownMemory, threadPort, type AnyPort } from '../../rpc/thread.ts';
import { errorFrom } from './rpcErrors.ts';
import { serve } from './rpcServer.ts';

type Result<Name extends keyof HostFiles> = Awaited<ReturnType<HostFiles[Name]>>;

/** The calls for files, as a worker makes them and the editor answers them. */
interface HostFileMethods {
  stat: { args: { uri: string }; result: Result<'stat'> };
  list: { args: { uri: string }; result: Result<'list'> };
  read: { args: { uri: string }; result: Uint8Array };
  readPart: { args: { uri: string; part: FilePart; memory: ArrayBuffer }; result: Uint8Array };
  letGo: { args: { version: string }; result: void };
  write: { args: { uri: string; bytes: Uint8Array }; result: void };
  makeFolder: { args: { uri: string }; result: void };
  rename: { args: { from: string; to: string }; result: void };
  remove: { args: { uri: string }; result: void };
}

/** In the editor: answers a worker's calls for files. */
export function serveHostFiles(port: AnyPort, files: HostFiles): void {
  const answers: Answers<HostFileMethods> = {
    stat: ({ uri }) => files.stat(uri),
    list: ({ uri }) => files.list(uri),
    read: ({ uri }) => files.read(uri),
    readPart: ({ uri, part, memory }) => files.readPart(uri, part, memory),
    letGo: ({ version }) => files.letGo(version),
    write: ({ uri, bytes }) => files.write(uri, bytes),
    makeFolder: ({ uri }) => files.makeFolder(uri),
    rename: ({ from, to }) => files.rename(from, to),
    remove: ({ uri }) => files.remove(uri),
  };
  serve(threadPort(port, { keepsAlive: false }), answers);
}

/** In a worker: the editor's files at the other end of a port. Bytes are handed over in both directions. */
export function remoteHostFiles(port: AnyPort): HostFiles {
  const line = threadPort(port, { keepsAlive: false });
  const calls = new RpcCalls<HostFileMethods>({ send: (request, given) => line.post(request, given), errorFrom });
  line.listen((reply) => calls.receive(reply as RpcReply));
  return {
    stat: (uri) => calls.run('stat', { uri }),
    list: (uri) => calls.run('list', { uri }),
    read: (uri) => calls.run('read', { uri }),
    readPart: (uri, part, memory) => calls.run('readPart', { uri, part, memory }, { given: [memory] }),
    letGo: (version) => calls.run('letGo', { version }),
    write: (uri, bytes) => calls.run('write', { uri, bytes }, { given: ownMemory(bytes) }),
    makeFolder: (uri) => calls.run('makeFolder', { uri }),
    rename: (from, to) => calls.run('rename', { from, to }),
    remove: (uri) => calls.run('remove', { uri }),
  };
}
