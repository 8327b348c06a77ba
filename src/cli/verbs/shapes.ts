import { parseBindings, shapesOfFile, shapesText } from '../../page/printed/shapes.ts';
import { print } from '../print.ts';
import { BIND_HELP, BIND_OPTIONS, ONE_FILE, listOf, type Verb } from '../verb.ts';

export const SHAPES: Verb = {
  usage: ['shapes MODEL', '[--bind batch=1 …]'],
  about: 'the shape and type of every tensor',
  files: ONE_FILE,
  options: BIND_OPTIONS,
  help: BIND_HELP,
  work: 'read',
  run: async (call) => {
    const [path = ''] = call.args;
    const report = await shapesOfFile(path, parseBindings(listOf(call, 'bind') ?? []), call.signal);
    print(call, report, () => shapesText(report));
  },
};
