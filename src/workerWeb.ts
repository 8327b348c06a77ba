import { useHostFiles } from './files/virtual/virtualFiles.ts';
import { remoteHostFiles } from './jobs/threads/hostFilesRpc.ts';
import { serve } from './jobs/threads/rpcServer.ts';
import { threadPort, type AnyPort } from './rpc/thread.ts';
import { WORKER_ANSWERS } from './page/workerAnswers.ts';
import { configureRuntime } from './verify/session.ts';

declare const self: AnyPort;

// A browser forbids most pages the memory that threads share, so a run has one thread.
serve(threadPort(self), WORKER_ANSWERS, ({ files, runtime }) => {
  const host = remoteHostFiles(files);
  useHostFiles(host);
  configureRuntime({ wasmBinary: () => host.read(runtime) });
});
