import type { AdaptationPlan } from '../report/plan.ts';
import type { NewLayer } from './rebuiltLayers.ts';

const EXACT = 'The new network computes the old one on the mapped channels: its layers and weights are untouched.';

/** The plan of a network whose old image is rebuilt by layers behind its inputs. */
export function planInFront(planned: AdaptationPlan, added: readonly NewLayer[]): AdaptationPlan {
  const [first] = planned.rebuilt;
  const reason = first?.reason ?? 'the layers behind it, as Keras has them, can’t take the map in';
  return {
    ...planned,
    folds: [],
    absorbed: [],
    writtenOut: [],
    rebuilt: planned.inputs.map(({ name }) => ({ tensor: name, node: first?.node ?? '', reason })),
    addedNodes: added.map(({ name, className }) => ({ name, opType: className })),
    removedNodes: [],
    removedInitializers: [],
    saved: { parameters: 0, multiplyAdds: 0 },
    exactness: EXACT,
    notes: [],
    inFront: [],
    seam: added.slice(-1).map(({ name }) => name),
  };
}
