import { describe, expect, test } from 'vitest';
import { rootOf, rootsInUse } from '../../../src/doctor/roots.ts';
import type { Experiment } from '../../../src/tracking/entities.ts';

function experimentAt(experimentId: string, artifactLocation: string): Experiment {
  return { experimentId, name: `e${experimentId}`, artifactLocation, lifecycleStage: 'active', tags: {} };
}

const MADE = '0123456789abcdef0123456789abcdef';

describe('rootOf', () => {
  test.each([
    ['/mlflow/7', '/mlflow'],
    ['file:///mlflow/7', 'file:///mlflow'],
    ['s3://bucket/7', 's3://bucket'],
    ['s3://bucket/prod/7/', 's3://bucket/prod'],
    [`s3://bucket/prod/${MADE}`, 's3://bucket/prod'],
    ['wasbs://box@account.blob.core.windows.net/7', 'wasbs://box@account.blob.core.windows.net'],
    ['mlflow-artifacts:/7', 'mlflow-artifacts:/'],
    ['mlflow-artifacts:/prod/7', 'mlflow-artifacts:/prod'],
    ['s3://bucket/chosen', 's3://bucket/chosen'],
    ['s3://bucket/17', 's3://bucket/17'],
    ['/7', '/7'],
  ])('%s is below %s', (location, root) => {
    expect(rootOf(experimentAt('7', location))).toBe(root);
  });
});

test('experiments share a root, settings name one, and what nobody opens is told with its trouble', async () => {
  const experiments = [
    experimentAt('3', 's3://bucket/prod/3'),
    experimentAt('2', 'mlflow-artifacts:/2'),
    experimentAt('1', 's3://bucket/prod/1'),
    experimentAt('0', 'dbfs:/databricks/0'),
  ];
  const named = [{ uri: 's3://bucket/prod', by: 'variable MLFLOW_ARTIFACT_URI' }];
  const roots = await rootsInUse(experiments, named, { trackingUri: 'http://mlflow:5000', cwd: '/work' });
  expect(roots.map(({ uri, experiments: of }) => [uri, of.map(({ experimentId }) => experimentId)])).toEqual([
    ['s3://bucket/prod', ['3', '1']],
    ['mlflow-artifacts:/', ['2']],
    ['dbfs:/databricks', ['0']],
  ]);
  expect(roots[0]).toMatchObject({ namedBy: ['variable MLFLOW_ARTIFACT_URI'] });
  expect(roots[1]?.physical?.redacted).toMatch(/^http:\/\/mlflow:5000\/api\/2\.0\/mlflow-artifacts/);
  expect(roots[2]?.trouble?.kind).toBe('unsupported');
});
