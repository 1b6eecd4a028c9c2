import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runPython } from '../testbeds/mlflow.ts';

/** A folder as users log it. */
export interface SampleTree {
  readonly name: string;
  /** Logged only where bytes travel over the network: it takes its time and a local disk proves nothing. */
  readonly networkedOnly?: true;
  /** Fills a new folder. */
  readonly fill: (folder: string) => Promise<void>;
}

async function put(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

const SAVE_MODEL = `
import sys
import mlflow.sklearn, numpy
from sklearn.ensemble import RandomForestClassifier
X = numpy.arange(400.0).reshape(100, 4)
model = RandomForestClassifier(n_estimators=20, random_state=1).fit(X, [0, 1] * 50)
mlflow.sklearn.save_model(model, sys.argv[1], serialization_format="cloudpickle", pip_requirements=["scikit-learn"], input_example=X[:2])
`;

async function saveModel(folder: string): Promise<void> {
  const done = await runPython(SAVE_MODEL, [folder]);
  if (done.code !== 0) throw new Error(done.stderr);
}

async function fillMany(folder: string, files: number): Promise<void> {
  for (let index = 0; index < files; index += 1) {
    const path = `${index % 5}/${index % 3}/${index % 2}/part-${index}.txt`;
    await put(folder, path, `file ${index}\n`.repeat(index % 40));
  }
}

async function fillMixed(folder: string): Promise<void> {
  await put(folder, 'notes.txt', 'one line\n');
  await put(folder, 'deep/er/still/metrics.json', '{"loss": 0.1}\r\n');
  await put(folder, 'empty.bin', '');
  await put(
    folder,
    'every-byte.bin',
    Uint8Array.from({ length: 70_000 }, (_, index) => index % 256),
  );
  // Stores hand these out with Content-Encoding: gzip; a reader that decodes them breaks them.
  await put(folder, 'table.csv.gz', gzipSync('a,b\n'.repeat(9_000)));
  await put(folder, 'logs.tar.gz', gzipSync(Buffer.alloc(10_240)));
  await put(folder, 'not-really.gz', 'plain text under a gzip name');
  await mkdir(join(folder, 'empty-folder'));
}

/** A prime length, so that no two parts of a multipart upload begin alike. */
const PATTERN = Buffer.from(
  Uint8Array.from({ length: 1_048_573 }, (_, index) => (index * 31 + (index >> 8)) % 251),
);

async function fillLarge(folder: string, bytes: number): Promise<void> {
  const file = await open(join(folder, 'weights.bin'), 'w');
  try {
    for (let left = bytes; left > 0; left -= PATTERN.byteLength) {
      await file.write(PATTERN.subarray(0, Math.min(left, PATTERN.byteLength)));
    }
  } finally {
    await file.close();
  }
}

/** What is logged in every configuration, by mlstow and by the stock client. */
export const SAMPLE_TREES: readonly SampleTree[] = [
  { name: 'mixed', fill: fillMixed },
  { name: 'model', fill: saveModel },
];

/** Trees that try a store's endurance: many files, and one of so many bytes. */
export function heavyTrees(files: number, bytes: number): readonly SampleTree[] {
  return [
    { name: 'many', fill: async (folder) => fillMany(folder, files) },
    { name: 'large', networkedOnly: true, fill: async (folder) => fillLarge(folder, bytes) },
  ];
}

/** Makes trees below a folder, each in a folder of its own name. */
export async function makeTrees(trees: readonly SampleTree[], folder: string): Promise<void> {
  for (const { name, fill } of trees) {
    await mkdir(join(folder, name), { recursive: true });
    await fill(join(folder, name));
  }
}
