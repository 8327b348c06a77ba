import { compareFiles } from '../../jobs/compare.ts';
import { compareText } from '../../verify/compare/compareText.ts';
import { print } from '../print.ts';
import { DIFFERENT, TWO_FILES, type Verb } from '../verb.ts';

export const COMPARE: Verb = {
  usage: ['compare A B'],
  about: 'what differs: inputs, nodes, tensors, metadata',
  files: TWO_FILES,
  options: {},
  work: 'read',
  run: async (call) => {
    const [a = '', b = ''] = call.args;
    const comparison = await compareFiles(a, b, { signal: call.signal });
    print(call, comparison, () => compareText(comparison));
    return comparison.identical ? 0 : DIFFERENT;
  },
};
