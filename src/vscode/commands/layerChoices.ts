import type { WorkerMethods } from '../../page/workerMethods.ts';
import type { ListItem } from '../window/quickSteps.ts';

type Input = WorkerMethods['imageInputs']['result'][number];

/** Whether a person has to say which inputs or layers take the image: there are several, or one is not clear. */
export function mustChoose(inputs: readonly Input[]): boolean {
  return inputs.length > 1 || whyAsked(inputs) !== undefined;
}

/** Why it is asked, in a sentence, where the file does not show it. */
export function whyAsked(inputs: readonly Input[]): string | undefined {
  const asking = inputs.find(({ asked }) => asked !== undefined);
  return asking && `${asking.asked}.`;
}

/** An input or a layer as a line of a list. */
export function layerItem({ name, type, asked, isLikely }: Input): ListItem {
  return { label: name, detail: asked === undefined ? type : `${type}: ${asked}`, isLikely };
}
