import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { defaultTrackingUri } from '../../../../src/tracking/default-uri.ts';
import { put, temporaryFolder } from './store.ts';

it('is the database beside us while mlruns holds no experiment', async () => {
  const cwd = join(await temporaryFolder(), 'a b');
  await mkdir(cwd);
  const uri = `sqlite:///${cwd.replaceAll(' ', '%20')}/mlflow.db`;
  expect(await defaultTrackingUri(cwd)).toBe(uri);
  await put(cwd, 'models/m/meta.yaml', '');
  await put(cwd, '1a/meta.yaml', '');
  await put(cwd, '.trash/1/meta.yaml', '');
  await mkdir(join(cwd, 'mlruns/12'));
  await writeFile(join(cwd, 'mlruns/34'), '');
  expect(await defaultTrackingUri(cwd)).toBe(uri);
});

it('is the file store when mlruns holds one', async () => {
  const cwd = await temporaryFolder();
  await put(cwd, '0/meta.yaml', '');
  expect(await defaultTrackingUri(cwd)).toBe(`file://${cwd}/mlruns`);
});
