import type { Verb } from './verb.ts';
import { COMPARE } from './verbs/compare.ts';
import { completionVerb } from './verbs/completion.ts';
import { EVALUATE } from './verbs/evaluate.ts';
import { GRAPH } from './verbs/graph.ts';
import { INSPECT } from './verbs/inspect.ts';
import { LAYERS } from './verbs/layers.ts';
import { SHAPES } from './verbs/shapes.ts';
import { VERIFY } from './verbs/verify.ts';
import { ADAPT, GRAY } from './verbs/write.ts';

const WORKING: Readonly<Record<string, Verb>> = {
  inspect: INSPECT,
  shapes: SHAPES,
  layers: LAYERS,
  graph: GRAPH,
  gray: GRAY,
  adapt: ADAPT,
  verify: VERIFY,
  compare: COMPARE,
  evaluate: EVALUATE,
};

export const VERBS: Readonly<Record<string, Verb>> = { ...WORKING, completion: completionVerb(WORKING) };
