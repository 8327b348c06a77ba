import { printable } from '../../bytes/errors.ts';
import { graphSvg } from '../../page/printed/graphSvg.ts';
import { parseBindings } from '../../page/printed/shapes.ts';
import { wholeJsonText } from '../print.ts';
import { BIND_HELP, BIND_OPTIONS, ONE_FILE, listOf, usageError, type Verb } from '../verb.ts';

export const GRAPH: Verb = {
  usage: ['graph MODEL', '--svg', '[--bind batch=1 …]', '[--left-right]', '[--names]', '[--batch]', '[--open-all]'],
  about: 'the layer graph as a picture, as the page draws it, on standard output',
  files: ONE_FILE,
  options: {
    ...BIND_OPTIONS,
    svg: { type: 'boolean' },
    'left-right': { type: 'boolean' },
    names: { type: 'boolean' },
    batch: { type: 'boolean' },
    'open-all': { type: 'boolean' },
  },
  help: [
    '--svg           an SVG document, the one form there is',
    ...BIND_HELP,
    '--left-right    layers follow each other from left to right, else from top to bottom',
    '--names         names of layers on the boxes, else operators',
    '--batch         the batch size that all shapes share is written too',
    '--open-all      all groups open; else those of a model of more than 300 nodes are closed',
  ],
  work: 'read',
  run: async (call) => {
    const [path = ''] = call.args;
    const { values } = call;
    if (!values.svg) throw usageError('Say --svg: the graph is drawn as an SVG document.');
    const svg = await graphSvg(path, {
      bind: parseBindings(listOf(call, 'bind') ?? []),
      orientation: values['left-right'] ? 'left-right' : 'top-down',
      titles: values.names ? 'names' : 'operators',
      batchSize: values.batch === true,
      openAll: values['open-all'] === true,
      signal: call.signal,
    });
    if (values.json) call.output.line(wholeJsonText({ svg }));
    else for (const line of svg.split('\n')) call.output.line(printable(line));
  },
};
