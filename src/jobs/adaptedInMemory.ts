import { basename } from 'node:path';
import { adaptModel } from '../adapt/adaptModel.ts';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { SplicedSource } from '../bytes/splicedSource.ts';
import { scanModel } from '../formats/onnx/scan/scan.ts';
import { WireReader } from '../formats/onnx/scan/wire.ts';
import type { ModelFile } from '../verify/wiring.ts';
import type { OpenModel } from './openModel.ts';
import { VERSION } from './version.ts';

/** An adapted model that is never written: the file with the splices applied, read as if it had been. Throws as `adaptModel` does. */
export async function adaptedInMemory(
  { path, source, model, ctx }: OpenModel,
  map: ChannelMap,
  signal: AbortSignal | undefined,
): Promise<ModelFile> {
  const { splices } = await adaptModel({
    ctx,
    model,
    map,
    version: VERSION,
    source: { name: basename(path), size: source.size },
    signal,
  });
  const adapted = new SplicedSource(source, splices);
  return {
    model: await scanModel(adapted, signal),
    ctx: { wire: new WireReader(adapted, signal), external: ctx.external },
  };
}
