import { parseArgs } from 'node:util';

/** One measured figure; ratios compare with a peer of the same run. */
export interface Figure {
  /** The model it was measured on, where the caller may name several. */
  readonly of?: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
}

type Bench = (paths: readonly string[], large: boolean) => Promise<Figure[]> | Figure[];

/** A section is loaded when it runs: what is wrong with the options is said at once. */
const SECTIONS: Readonly<Record<string, () => Promise<Bench>>> = {
  file: async () => (await import('./file.ts')).benchFile,
  weights: async () => (await import('./weights.ts')).benchWeights,
  shapes: async () => (await import('./shapes.ts')).benchShapes,
  layout: async () => (await import('./layout.ts')).benchLayout,
  threads: async () => (await import('./threads.ts')).benchThreads,
  page: async () => (await import('./page.ts')).benchPage,
  web: async () => (await import('./web.ts')).benchWeb,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean' }, large: { type: 'boolean' }, only: { type: 'string' } },
    allowPositionals: true,
  });
  const { json, only, large = false } = values;
  if (only !== undefined && !Object.hasOwn(SECTIONS, only))
    throw new Error(`There is no section ${only}; --only takes ${Object.keys(SECTIONS).join(', ')}.`);
  const sections: Record<string, Figure[]> = {};
  for (const [name, load] of Object.entries(SECTIONS)) {
    if (only !== undefined && only !== name) continue;
    const bench = await load();
    const figures = (sections[name] = await bench(positionals, large));
    if (!json)
      for (const f of figures)
        console.log(
          `${name}: ${f.of ? `${f.of}: ` : ''}${f.what}: ${Number(f.value.toPrecision(3))} ${f.unit}${f.against ? ` (against ${f.against})` : ''}`,
        );
  }
  if (json) console.log(JSON.stringify(sections, null, 2));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message.split('\n')[0] : error);
  process.exitCode = 2;
});
