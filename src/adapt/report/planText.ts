import type { AdaptationPlan } from './plan.ts';
import { countOf, countText } from '../../text/numbers.ts';

/** One part of a plan in words: what it is about, and a line for each thing. */
export interface PlanSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A person reads a few names; the count says how many there are. */
const MAX_SHOWN = 40;

/** The plan as a person reads it: parts that say something, in the order of interest. */
export function planSections(plan: AdaptationPlan): PlanSection[] {
  const macs = plan.saved.multiplyAdds;
  return [
    {
      title: 'Inputs',
      lines: plan.inputs.map(({ name, oldChannels, newChannels, axis }) => {
        return `${name}: ${oldChannels} → ${countOf(newChannels, 'channel')} on axis ${axis} (${plan.map.name})`;
      }),
    },
    { title: 'Warnings', lines: plan.warnings },
    {
      title: 'Changed weights',
      lines: shown(
        plan.folds.map(
          (fold) =>
            `${fold.tensor} [${fold.oldDims.join(', ')}] → [${fold.newDims.join(', ')}] (${fold.opType} ${fold.node})`,
        ),
      ),
    },
    {
      title: 'Tensors rebuilt inside the model',
      lines: shown(plan.rebuilt.map((e) => `${e.tensor}${e.node ? ` for ${e.node}` : ''}: ${e.reason}`)),
    },
    {
      title: 'Nodes removed, as the changed weights do what they did',
      lines: tallied(plan.absorbed.map((a) => a.opType)),
    },
    {
      title: 'Functions written out',
      lines: shown(plan.writtenOut.map((c) => `${c.function} ${c.node}: the map goes into what is inside`)),
    },
    { title: 'Nodes added', lines: tallied(plan.addedNodes.map((addedNode) => addedNode.opType)) },
    { title: 'Notes', lines: plan.notes },
    {
      title: 'Size and cost',
      lines: [
        saving(plan.saved.parameters, 'parameter'),
        ...(macs === null ? [] : [saving(macs, 'multiply-add', ' per image')]),
      ],
    },
    { title: 'Metadata', lines: shown(plan.metadata) },
    { title: 'Exactness', lines: [plan.exactness] },
  ].filter((section) => section.lines.length > 0);
}

/** The plan as lines for a terminal or a text tab. */
export function planText(plan: AdaptationPlan): string[] {
  return planSections(plan).flatMap(({ title, lines }) => [`${title}:`, ...lines.map((line) => `  ${line}`)]);
}

/** How often each word stands in a list, most frequent first. */
export function tally(words: readonly string[]): { word: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({ word, count })).sort((a, b) => b.count - a.count);
}

function tallied(words: readonly string[]): string[] {
  if (!words.length) return [];
  const groups = tally(words).map(({ word, count }) => (count === 1 ? word : `${count} ${word}`));
  return [`${groups.slice(0, MAX_SHOWN).join(', ')}${groups.length > MAX_SHOWN ? ', …' : ''}`];
}

function shown(lines: readonly string[]): string[] {
  return lines.length > MAX_SHOWN
    ? [...lines.slice(0, MAX_SHOWN), `… and ${lines.length - MAX_SHOWN} more`]
    : [...lines];
}

function saving(n: number, thing: string, per = ''): string {
  const what = `${thing}${Math.abs(n) === 1 ? '' : 's'}${per}`;
  return n === 0 ? `as many ${what} as before` : `${n < 0 ? 'adds' : 'saves'} ${countText(Math.abs(n))} ${what}`;
}
