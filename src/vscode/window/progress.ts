import * as vscode from 'vscode';
import { inertText } from './inertText.ts';

/** Work that hears a cancel, and says how far it is, from 0 to 1. */
export type Work<T> = (signal: AbortSignal, report: (fraction: number) => void) => Promise<T>;

/** Runs work under a notification with its progress and Cancel. */
export async function withProgress<T>(title: string, work: Work<T>): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title: inertText(title), cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    let shown = 0;
    return work(controller.signal, (fraction) => {
      progress.report({ increment: 100 * (fraction - shown) });
      shown = fraction;
    });
  });
}

/** Work that is mostly quick shows its progress only when it isn't. */
const LATE_MS = 500;

/** Runs work, and shows its progress as `withProgress` does once it has taken half a second. */
export async function withLateProgress<T>(title: string, work: Work<T>): Promise<T> {
  const controller = new AbortController();
  let show: (fraction: number) => void = () => undefined;
  const running = work(controller.signal, (fraction) => show(fraction));
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), LATE_MS));
  const ended = running.then(
    () => 'ended',
    () => 'ended',
  );
  if ((await Promise.race([ended, late])) === 'ended') return running;
  return withProgress(title, (signal, report) => {
    signal.addEventListener('abort', () => controller.abort(), { once: true });
    show = report;
    return running;
  });
}
