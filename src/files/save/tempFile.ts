import { createHash, randomBytes } from 'node:crypto';
import { promises as fs, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '../errorCode.ts';

/**
 * `.channelwise-MACHINE-PROCESS-START-RANDOM.tmp`: whose file it is can be told from its name when that process was
 * killed.
 */
const TEMP_NAME = /^\.channelwise-([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f]{18}\.tmp$/;

/** A name for a temporary file that nobody else can have given. */
export function tempName(): string {
  return `.channelwise-${MACHINE}-${process.pid}-${startOf(process.pid) ?? 0}-${randomBytes(9).toString('hex')}.tmp`;
}

/**
 * Removes the temporary files that killed processes of this machine left in a folder. What a living process, another
 * machine or another container may still be writing stays, and so does everything that can't be judged.
 */
export async function removeLeftovers(directory: string): Promise<void> {
  const names = await fs.readdir(directory).catch(() => []);
  for (const name of names) {
    if (!isLeftover(name)) continue;
    const path = join(directory, name);
    const stats = await fs.lstat(path).catch(() => null);
    if (stats?.isFile()) await fs.unlink(path).catch(() => undefined);
  }
}

function isLeftover(name: string): boolean {
  const [, machine, pid, start] = TEMP_NAME.exec(name) ?? [];
  return machine === MACHINE && !isAlive(Number(pid), Number(start));
}

function isAlive(pid: number, start: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  // The number can belong to a later process by now.
  return [start, null].includes(startOf(pid));
}

/** When a process began, in ticks since the machine started; null where the system does not tell. */
function startOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets, which may hold anything; the start is the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[19]);
  } catch {
    return null;
  }
}

/** Process numbers mean something on one machine and inside one container only. */
const MACHINE = createHash('sha256')
  .update(
    [
      hostname(),
      textOf(() => readFileSync('/etc/machine-id', 'utf8')),
      textOf(() => readlinkSync('/proc/self/ns/pid')),
    ].join('\n'),
  )
  .digest('hex')
  .slice(0, 8);

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
