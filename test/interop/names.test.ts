import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ArtifactPath, parseArtifactPath, unsafeReason } from '../../src/core/artifact-path.ts';
import { mediaOf, proxyTypeOf } from '../../src/core/media.ts';
import { stockTrouble } from '../../src/core/stock-names.ts';
import { artifactPaths } from '../unit/core/arbitraries.ts';
import { askPython, type Told } from './ask-python.ts';

const KNOWN = [
  'a',
  'a b',
  '100%25.txt',
  '50%.txt',
  'a%20b',
  'a:b.txt',
  'Train:log.txt',
  '7/Train:log.txt',
  'a#b',
  'a?',
  'a?b',
  'a\tb',
  'a\x7fb',
  '...',
  '..a',
  'a;',
  'a;b',
  'x;/y',
  'http:x',
  'HTTP:x',
  'file:a',
  'ws:a/b',
  's3:a',
  'c:x',
  'skills',
  ' a',
  'd/ a',
  'a ',
  'a\\b',
  '~',
  '%zz',
  'é',
  '模型/😀',
  'e\u0301',
  'x-y+z.9:q',
  'X-Y+Z.9:q',
  '1a:B',
  'é:B',
  'a:',
  'A;:b',
  'data:x',
  '.artifact.uploading.1',
  '[x',
  'x]',
  'x:[y',
  'MLmodel',
].filter((name) => unsafeReason(name) === undefined);

/** Stock MLflow reads these names back, but hides, refuses or misreads them elsewhere: the table is in stock-names.ts. */
const ELSEWHERE = /query|Windows|hides|start with "\.\."|trailing ";"/;

const NAMES: readonly ArtifactPath[] = [
  ...KNOWN.map(parseArtifactPath),
  ...fc.sample(artifactPaths, { numRuns: 3000, seed: 7 }),
];

/** Unsafe on any wire: stock must refuse them as well, or leave them harmless. */
const UNSAFE = [
  '../x',
  '%2e%2e/x',
  '%252e%252e/x',
  '/a',
  '//a',
  'C:\\x',
  'C:/x',
  'a/../b',
  '.\t./x',
  '%2fetc',
];

function survives(answer: Told | undefined, name: string): boolean {
  return answer?.value === name;
}

describe('names that stock MLflow cannot address', () => {
  let whole: readonly Told[];
  let segments: ReadonlyMap<string, Told | undefined>;

  beforeAll(async () => {
    const parts = [...new Set(NAMES.flatMap((name) => name.split('/')))];
    const answers = await askPython(
      'from mlflow.utils.uri import validate_path_is_safe\nanswers = [told(lambda: validate_path_is_safe(q)) for q in questions]',
      [...NAMES, ...parts],
    );
    whole = answers.slice(0, NAMES.length);
    segments = new Map(parts.map((part, i) => [part, answers[NAMES.length + i]]));
  });

  it('warns about every name that stock rewrites or refuses, whole or listed one segment at a time', () => {
    const silent = NAMES.filter((name, i) => {
      const fine =
        survives(whole[i], name) && name.split('/').every((part) => survives(segments.get(part), part));
      return !fine && stockTrouble(name) === undefined;
    });
    expect(silent).toEqual([]);
  });

  it('warns about no other name, except for reasons of other parts of stock MLflow', () => {
    const needless = NAMES.filter((name, i) => {
      const trouble = stockTrouble(name);
      const fine =
        survives(whole[i], name) && name.split('/').every((part) => survives(segments.get(part), part));
      return fine && trouble !== undefined && !ELSEWHERE.test(trouble);
    });
    expect(needless.map((name) => [name, stockTrouble(name)])).toEqual([]);
  });

  it('has a corpus with both kinds', () => {
    expect(NAMES.filter((name) => stockTrouble(name) === undefined).length).toBeGreaterThan(300);
    expect(NAMES.filter((name) => stockTrouble(name) !== undefined).length).toBeGreaterThan(300);
  });

  it('refuses what stock refuses as unsafe', async () => {
    const answers = await askPython(
      'from mlflow.utils.uri import validate_path_is_safe\nanswers = [told(lambda: validate_path_is_safe(q)) for q in questions]',
      UNSAFE,
    );
    expect(answers.map((answer) => answer.error)).toEqual(UNSAFE.map(() => 'Invalid path'));
    expect(UNSAFE.filter((name) => unsafeReason(name) === undefined)).toEqual([]);
  });
});

const EXTENSIONS = (
  'txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb html ' +
  'htm css png PNG jpg jpeg gif svg svgz webp bmp ico tiff pdf zip tar tgz tar.gz TAR.GZ tar.bz2 tbz2 txz tar.xz ' +
  'csv.gz csv.GZ csv.bz2 csv.Z csv.z json.br json.gz gz bz2 pkl pickle pt pth onnx h5 hdf hdf5 parquet feather arrow ' +
  'npy npz bin so wasm safetensors joblib mp3 mp4 wav avi mov pyc doc xls ppt docx xlsx tar.gz.gz unknown c sh'
).split(' ');
const FILES = [
  ...EXTENSIONS.map((extension) => `dir.d/name.${extension}`),
  'MLmodel',
  'model/MLmodel',
  'MLproject',
  'mlproject',
  'mlmodel',
  '.csv',
  '..csv',
  '.a.csv',
  'noext',
  'csv',
  'x.',
  'x..csv',
  'a b.csv',
];

describe('content types', () => {
  it("are those of Python's built-in table for S3", async () => {
    const answers = await askPython(
      'import mimetypes\ntable = mimetypes.MimeTypes(())\nanswers = [told(lambda: table.guess_type(q)) for q in questions]',
      FILES,
    );
    const ours = FILES.map((name) => [mediaOf(name).type ?? null, mediaOf(name).encoding ?? null]);
    expect(ours).toEqual(answers.map((answer) => answer.value));
  });

  it("are those of MLflow's HTTP client, without the machine's own mime.types", async () => {
    const answers = await askPython(
      'import mimetypes\nmimetypes.knownfiles.clear()\nmimetypes.init()\nfrom mlflow.utils.mime_type_utils import _guess_mime_type\n' +
        'answers = [told(lambda: _guess_mime_type(q)) for q in questions]',
      FILES,
    );
    expect(FILES.map(proxyTypeOf)).toEqual(answers.map((answer) => answer.value));
  });
});
