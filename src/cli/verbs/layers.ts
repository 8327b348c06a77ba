import { layersCsv, layersOfFile, layersText } from '../../page/printed/layers.ts';
import { parseBindings } from '../../page/printed/shapes.ts';
import { print, shownLine } from '../print.ts';
import { BIND_HELP, BIND_OPTIONS, ONE_FILE, listOf, type Verb } from '../verb.ts';

export const LAYERS: Verb = {
  usage: ['layers MODEL', '[--bind batch=1 …]', '[--csv]'],
  about: 'every node with its output, parameters, multiply-adds and memory',
  files: ONE_FILE,
  options: { ...BIND_OPTIONS, csv: { type: 'boolean' } },
  help: [...BIND_HELP, '--csv           comma-separated values, with a line of titles'],
  work: 'read',
  run: async (call) => {
    const [path = ''] = call.args;
    const layers = await layersOfFile(path, parseBindings(listOf(call, 'bind') ?? []), call.signal);
    if (call.values.csv && !call.values.json)
      call.output.line(layersCsv(layers).split('\r\n').map(shownLine).join('\r\n').trimEnd());
    else print(call, layers, () => layersText(layers));
  },
};
