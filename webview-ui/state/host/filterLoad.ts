import type { PageInputLayerFacts } from '../../../src/protocol/inputLayer.ts';
import { decodeFloats, summed } from '../../draw/filterPicture.ts';
import type { Filters } from '../../draw/filterPicture.ts';
import { request } from './host.ts';

/** A page of an input layer's filters, before and after: `after` is null where there is only one kind. */
export interface FilterPage {
  readonly from: number;
  readonly before: Filters;
  readonly beforeTitle: string;
  readonly after: Filters | null;
  readonly afterTitle: string;
}

/** Asks for filters from `from` on, and for the original's where there is one. Null where there are no pictures. */
export async function loadFilters(
  layer: number,
  from: number,
  facts: PageInputLayerFacts,
  signal: AbortSignal,
): Promise<FilterPage | null> {
  if (!facts.filters) return null;
  const answer = await request('layerFilters', { layer, from, of: 'file' }, { signal });
  const own: Filters = { set: facts.filters, values: decodeFloats(answer.values) };
  if (facts.original?.filters) {
    const old = await request('layerFilters', { layer, from, of: 'original' }, { signal });
    const before: Filters = { set: facts.original.filters, values: decodeFloats(old.values) };
    return {
      from,
      before,
      beforeTitle: `Before: ${facts.original.file}, ${kindOf(before)}`,
      after: own,
      afterTitle: `Now: this file, ${kindOf(own)}`,
    };
  }
  if (own.set.channels === 1)
    return { from, before: own, beforeTitle: `As stored, ${kindOf(own)}`, after: null, afterTitle: '' };
  return {
    from,
    before: own,
    beforeTitle: `As stored, ${kindOf(own)}`,
    after: summed(own),
    afterTitle: 'In gray, channels summed',
  };
}

function kindOf({ set: { channels } }: Filters): string {
  if (channels === 3) return 'in colour';
  return channels === 1 ? 'in gray' : `each of ${channels} channels in gray`;
}
