import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openReport } from '../../../src/gc/report-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { gcPlace } from './gc-place.ts';

it('refuses a report that cannot be written before anything is deleted', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const file = join(place.cwd, 'folder');
  await mkdir(file);
  const { code, stderr } = await place.gc('--run-ids', id, '--report', file);
  expect([code, stderr]).toEqual([6, expect.stringContaining(`${file} cannot be written`)]);
  expect(place.rows('SELECT run_uuid FROM runs')).toEqual([{ run_uuid: id }]);
  expect((await place.gc('--run-ids', id)).code).toBe(0);
});

it('holds whole lines while it grows', async () => {
  const file = join(await temporaryFolder(), 'report.jsonl');
  const report = await openReport(file);
  onTestFinished(() => report.close());
  const line = JSON.stringify({ id: 'x'.repeat(200) });
  for (let number = 0; number < 500; number += 1) {
    report.put(line);
    if (number % 50 !== 0) continue;
    await expect
      .poll(async () => (await readFile(file, 'utf8')).length)
      .toBe((number + 1) * (line.length + 1));
  }
});
