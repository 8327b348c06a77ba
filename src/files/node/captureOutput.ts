import fs from 'node:fs';

const STANDARD_OUTPUT = 1;

/**
 * What `run` writes to standard output, which then does not see it. The runtime's build for Node has no other way to
 * give a profile: it calls `fs.writeSync(1, …)`. `run` must not wait for anything, so that nothing else is caught.
 */
export function captureOutput(run: () => void): string {
  const { writeSync } = fs;
  const parts: string[] = [];
  const keep = (fd: number, data: unknown, ...more: unknown[]): number => {
    if (fd !== STANDARD_OUTPUT) return (writeSync as (...all: unknown[]) => number)(fd, data, ...more);
    parts.push(String(data));
    return String(data).length;
  };
  fs.writeSync = keep as typeof writeSync;
  try {
    run();
  } finally {
    fs.writeSync = writeSync;
  }
  return parts.join('');
}
