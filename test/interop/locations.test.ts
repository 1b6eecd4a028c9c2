import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/core/duration.ts';
import { Failure } from '../../src/core/failure.ts';
import {
  appendToUri,
  formatLocation,
  modelsParts,
  parseLocation,
  runsParts,
} from '../../src/core/location.ts';
import { askPython, type Told } from './ask-python.ts';

const URIS = [
  's3://b',
  's3://b/',
  's3://b/p',
  's3://b/p/',
  's3://b/p?x=1',
  's3://b/p#f',
  's3:b',
  's3:/b',
  'S3://B/P',
  's3://b/a%20b',
  'gs://b/p',
  'wasbs://c@a.blob.core.windows.net/p',
  'abfss://f@a.dfs.core.windows.net',
  'r2://b@a.r2.cloudflarestorage.com/p',
  'ftp://u:p@h:21/a',
  'ftp:///a',
  'sftp://h/a;x',
  'hdfs:/a',
  'hdfs:///a',
  'hdfs://nn:8020/a/',
  'viewfs://c/a',
  'mlflow-artifacts:/',
  'mlflow-artifacts:',
  'mlflow-artifacts:/0',
  'mlflow-artifacts://h:5000/0',
  'mlflow-artifacts:8080/0',
  'http://h:5000/p',
  'http://h',
  'https://h/p?q=1#f',
  'file:///a/b',
  'file:/a',
  'file:a/b',
  'file://localhost/a',
  'runs:/abc',
  'models:/m/1',
  '/mnt/nfs',
  '/a b',
  '/a%20b',
  'a/b',
  './mlruns',
  '.',
  '/',
  's3://b/p?',
  's3://b/p#',
  's3://b?x',
  'http://h/p;v=1?q',
];
const SUFFIXES = [['r'], ['/r'], ['1', 'r', 'artifacts'], ['//r'], ['a b'], ['r/']];

const LOCAL = [
  '/a b',
  '/a%20b',
  '/a%2520b',
  '/50%',
  'file:///a%20b',
  'file:///100%25',
  'file:a/b',
  'file://localhost/x',
  '/run #1',
  '/%e6%a8%a1',
];

const MODELS = [
  'models:/m-1f',
  'models:/Ads Model/12',
  'models:/m/latest',
  'models:/m/LATEST',
  'models:/m/Production',
  'models:/m@champion',
  'models:/a@b@c',
  'models:/m/007',
  'models:/m@champion/x/y',
  'models:/m/1/x/y',
  'models:/m/Staging/x',
  'models:/m@a/x',
];

function stockShape(parts: ReturnType<typeof modelsParts>): readonly unknown[] {
  return [
    parts.kind === 'id' ? parts.modelId : null,
    parts.kind === 'id' ? null : parts.name,
    parts.kind === 'version' ? parts.version : null,
    parts.kind === 'stage' ? parts.stage : null,
    parts.kind === 'alias' ? parts.alias : null,
  ];
}

function values(answers: readonly Told[]): readonly unknown[] {
  return answers.map((answer) => answer.value ?? answer.error);
}

describe('locations as stock MLflow reads them', () => {
  it('appends to every URI as append_to_uri_path does', async () => {
    const questions = URIS.flatMap((uri) => SUFFIXES.map((suffix) => [uri, ...suffix]));
    const answers = await askPython(
      'from mlflow.utils.uri import append_to_uri_path\nanswers = [told(lambda: append_to_uri_path(*q)) for q in questions]',
      questions,
    );
    const ours = questions.map(([uri = '', ...suffix]) => [uri, suffix, appendToUri(uri, ...suffix)]);
    expect(ours).toEqual(questions.map(([uri, ...suffix], i) => [uri, suffix, answers[i]?.value]));
  });

  it('reads local paths, stored or formatted, as the same directory', async () => {
    const locations = LOCAL.map((uri) => parseLocation(uri));
    const body =
      'from mlflow.utils.file_utils import local_file_uri_to_path\nanswers = [told(lambda: local_file_uri_to_path(q)) for q in questions]';
    const paths = locations.map((location) => location.path);
    expect(values(await askPython(body, LOCAL))).toEqual(paths);
    expect(values(await askPython(body, locations.map(formatLocation)))).toEqual(paths);
  });

  it('formats any local path so that stock MLflow opens it', async () => {
    const paths = fc
      .sample(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 3 }), {
        numRuns: 1000,
        seed: 3,
      })
      .map((parts) => `/${parts.map((part) => part.replaceAll(/[/\\]/g, '_')).join('/')}`)
      .filter((path) => !path.split('/').some((part) => part === '.' || part === '..'));
    const uris = paths.map((path) => formatLocation({ scheme: 'file', authority: '', path }));
    const answers = await askPython(
      'from mlflow.utils.file_utils import local_file_uri_to_path\nanswers = [told(lambda: local_file_uri_to_path(q)) for q in questions]',
      uris,
    );
    expect(values(answers)).toEqual(paths);
  });

  it('reads models: URIs and the path below them as stock does', async () => {
    const answers = await askPython(
      'from mlflow.store.artifact.utils.models import _parse_model_uri\n' +
        'from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository\n' +
        'def ask(q):\n    base, path = ModelsArtifactRepository.split_models_uri(q)\n    return [*_parse_model_uri(base), path]\n' +
        'answers = [told(lambda: ask(q)) for q in questions]',
      MODELS,
    );
    const ours = MODELS.map((uri) => {
      const parts = modelsParts(parseLocation(uri));
      return [...stockShape(parts), parts.path];
    });
    expect(ours).toEqual(values(answers));
  });

  it('refuses the models: URIs that stock refuses', async () => {
    const bad = ['models:/', 'models:m/1', 'models:/ /1', 'models:/m@', 'models:/m/ ', 'models:/@'];
    const answers = await askPython(
      'from mlflow.store.artifact.utils.models import _parse_model_uri\nanswers = [told(lambda: _parse_model_uri(q)) for q in questions]',
      bad,
    );
    expect(answers.every((answer) => answer.error?.includes('Not a proper models:/ URI'))).toBe(true);
    for (const uri of bad) expect(() => parseLocation(uri)).toThrow(Failure);
  });

  it('reads runs: URIs as stock does', async () => {
    const uris = ['runs:/abc', 'runs:/abc/', 'runs:/abc/model', 'runs:/abc/a b/c%20d'];
    const answers = await askPython(
      'from mlflow.store.artifact.runs_artifact_repo import RunsArtifactRepository\n' +
        'answers = [told(lambda: RunsArtifactRepository.parse_runs_uri(q)) for q in questions]',
      uris,
    );
    const ours = uris.map((uri) => {
      const { runId, path } = runsParts(parseLocation(uri));
      return [runId, path || null];
    });
    expect(ours).toEqual(values(answers));
  });
});

/** The grammar of `mlflow gc --older-than` (mlflow/cli/__init__.py), copied because the command holds it inside a function. */
const OLDER_THAN = `
import re
from datetime import timedelta
regex = re.compile(r"^((?P<days>[\\.\\d]+?)d)?((?P<hours>[\\.\\d]+?)h)?((?P<minutes>[\\.\\d]+?)m)?((?P<seconds>[\\.\\d]+?)s)?$")
def ask(q):
    parts = regex.match(q).groupdict()
    return int(timedelta(**{name: float(text) for name, text in parts.items() if text}).total_seconds() * 1000)
answers = [told(lambda: ask(q)) for q in questions]
`;

describe('durations', () => {
  it('are those of gc --older-than', async () => {
    const number = fc.oneof(
      fc.nat({ max: 500 }).map(String),
      fc.constantFrom('1.5', '.25', '2.', '0.001', '12.345'),
    );
    const part = (unit: string): fc.Arbitrary<string> =>
      fc.option(
        number.map((n) => n + unit),
        { nil: '' },
      );
    const texts = fc
      .sample(fc.tuple(part('d'), part('h'), part('m'), part('s')), { numRuns: 1000, seed: 5 })
      .map((parts) => parts.join(''))
      .filter((text) => text !== '');
    const bad = ['30', '1w', '2h1d', '-1d', ' 1d', 'd', '1.2.3d', '.d'];
    const answers = await askPython(OLDER_THAN, [...texts, ...bad]);
    // Python multiplies a binary fraction by 1000 and cuts, so it may lose a whole ms: 2.001 s is 2000 ms there.
    texts.forEach((text, i) => {
      expect(parseDuration(text) - Number(answers[i]?.value), text).toBeOneOf([0, 1]);
    });
    expect(answers.slice(texts.length).every((answer) => answer.error !== undefined)).toBe(true);
    for (const text of bad) expect(() => parseDuration(text)).toThrow(Failure);
  });
});
