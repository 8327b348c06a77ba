import { ChannelwiseError, hasCode } from '../../bytes/errors.ts';
import { basename } from '../../files/paths.ts';
import { formatNamed } from '../../formats/endings.ts';
import { FORMATS } from '../../formats/table.ts';

/**
 * What is told of a file that was read as ONNX because its first bytes are no other format's, and isn't ONNX either:
 * where its name promises another format, that it is none.
 */
export function misnamed(error: unknown, path: string): unknown {
  if (!hasCode(error, 'malformed')) return error;
  const name = basename(path);
  const promised = FORMATS.find(({ id }) => id === formatNamed(name));
  if (promised === undefined || promised.id === 'onnx') return error;
  return new ChannelwiseError(
    'malformed',
    'misnamed',
    `${name} is not a readable ${promised.title}: it begins like none, and it is no ONNX model. If it was copied or downloaded, do that again.`,
    error.place,
  );
}
