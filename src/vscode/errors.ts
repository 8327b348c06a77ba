import { ChannelwiseError } from '../bytes/errors.ts';

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isCancel(error: unknown): boolean {
  return error instanceof ChannelwiseError && error.kind === 'cancelled';
}
