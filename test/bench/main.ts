import { benchFile } from './file.ts';
import { benchShapes } from './shapes.ts';

/** One measured figure; ratios compare with a peer of the same run. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
}

const paths = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const sections: Record<string, Figure[]> = { file: await benchFile(paths, process.argv.includes('--large')), shapes: await benchShapes() };
if (process.argv.includes('--json')) console.log(JSON.stringify(sections, null, 2));
else for (const [name, figures] of Object.entries(sections)) for (const f of figures) console.log(`${name}: ${f.what}: ${Number(f.value.toPrecision(3))} ${f.unit}${f.against ? ` (against ${f.against})` : ''}`);
