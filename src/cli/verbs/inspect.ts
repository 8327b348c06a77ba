import { inspectAny, inspectText } from '../../page/printed/inspect.ts';
import { parseBindings } from '../../page/printed/shapes.ts';
import { print } from '../print.ts';
import { BIND_HELP, BIND_OPTIONS, ONE_FILE, listOf, type Verb } from '../verb.ts';

export const INSPECT: Verb = {
  usage: ['inspect MODEL', '[--bind batch=1 …]'],
  about: 'producer, inputs, outputs, counts, cost, input layers',
  files: ONE_FILE,
  options: BIND_OPTIONS,
  help: BIND_HELP,
  work: 'read',
  run: async (call) => {
    const [path = ''] = call.args;
    const found = await inspectAny(path, parseBindings(listOf(call, 'bind') ?? []), call.signal);
    print(call, found, () => inspectText(found));
  },
};
