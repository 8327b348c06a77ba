import { benchFile } from './file.ts';
import { benchLayout } from './layout.ts';
import { benchPage } from './page.ts';
import { benchShapes } from './shapes.ts';

/** One measured figure; ratios compare with a peer of the same run. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
}

const json = process.argv.includes('--json');
const only = process.argv.find((a) => a.startsWith('--only='))?.slice('--only='.length);
const paths = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const SECTIONS: Readonly<Record<string, () => Promise<Figure[]> | Figure[]>> = { file: () => benchFile(paths, process.argv.includes('--large')), shapes: benchShapes, layout: benchLayout, page: benchPage };
const sections: Record<string, Figure[]> = {};
for (const [name, bench] of Object.entries(SECTIONS)) {
  if (only !== undefined && only !== name) continue;
  const figures = (sections[name] = await bench());
  if (!json) for (const f of figures) console.log(`${name}: ${f.what}: ${Number(f.value.toPrecision(3))} ${f.unit}${f.against ? ` (against ${f.against})` : ''}`);
}
if (json) console.log(JSON.stringify(sections, null, 2));
