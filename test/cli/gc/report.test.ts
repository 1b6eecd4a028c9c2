import { DatabaseSync } from '@photostructure/sqlite';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openReport } from '../../../src/gc/report-file.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { lockSideFile } from '../../../src/tracking/sql/side-file-lock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { runCli } from '../run-cli.ts';
import { gcPlace } from './gc-place.ts';

it('refuses a report that cannot be written before anything is deleted', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const file = join(place.cwd, 'folder');
  await mkdir(file);
  const { code, stderr } = await place.gc('--run-ids', id, '--report', file);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`${file} cannot be written (EISDIR)`)]);
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

it.each([
  ['a brake', 8, ['--all-deleted', '--yes', '--max-delete', '0']],
  ['nothing selected', 2, []],
  ['contradictory flags', 2, ['--orphans', '--all-deleted']],
  ['a database that is not there', 5, ['--all-deleted', '--yes', '--backend-store-uri', 'sqlite:///no.db']],
])('tells monitoring of a gc that is refused before it begins: %s', async (_name, exitCode, args) => {
  const place = await gcPlace();
  await place.run();
  const file = join(place.cwd, 'gc.prom');
  const { code } = await place.gc(...args, '--metrics-file', file);
  expect(code).toBe(exitCode);
  const text = await readFile(file, 'utf8');
  expect(text).toContain(`mlstow_gc_exit_code ${exitCode}\n`);
  expect(text).toContain('mlstow_gc_items{kind="run",action="delete"} 0\n');
  expect(text).toMatch(/^mlstow_gc_last_run_timestamp_seconds 1\d{9}/m);
  expect((await readdir(place.cwd)).filter((name) => name.startsWith('gc.'))).toEqual(['gc.prom']);
});

it('tells monitoring of a gc that breaks off', async () => {
  const place = await gcPlace();
  for (let number = 0; number < 3; number += 1) await place.run({ files: 0 });
  const file = join(place.cwd, 'gc.prom');
  const full = ['--report', '/dev/full', '--metrics-file', file];
  const { code } = await place.gc('--all-deleted', '--yes', '--accept-missing', ...full);
  expect(code).toBe(7);
  expect(await readFile(file, 'utf8')).toContain('mlstow_gc_exit_code 7\n');
});

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('tells monitoring of a gc that is ended by %s', async (signal, exitCode) => {
  const place = await gcPlace();
  const id = await place.run();
  const [report, file] = [join(place.cwd, 'report.jsonl'), join(place.cwd, 'gc.prom')];
  const writer = new DatabaseSync(join(place.cwd, 'mlflow.db'));
  onTestFinished(() => writer.close());
  writer.exec('BEGIN IMMEDIATE');
  const onStart = (send: (signal: 'SIGINT' | 'SIGTERM') => void): void =>
    void expect
      .poll(() => existsSync(report), { timeout: 20_000 })
      .toBe(true)
      .then(() => send(signal));
  const args = ['gc', '--run-ids', id, '--report', report, '--metrics-file', file];
  expect((await runCli(args, { ...place, onStart })).code).toBe(exitCode);
  expect(await readFile(file, 'utf8')).toContain(`mlstow_gc_exit_code ${exitCode}\n`);
});

it('says why gc was refused also where its metrics cannot be written', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const away = join(place.cwd, 'no', 'gc.prom');
  const refused = await place.gc('--all-deleted', '--yes', '--max-delete', '0', '--metrics-file', away);
  expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining(`${away} cannot be written`)]);
  expect(refused.stderr).toContain('--max-delete 0 allows 0');
  const alone = await place.gc('--run-ids', id, '--metrics-file', away);
  expect([alone.code, alone.stderr]).toEqual([5, expect.stringContaining('mkdir -p')]);
});

it('leaves the metrics to the gc that is at work, unless a second one is an error', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const file = join(place.cwd, 'gc.prom');
  const side = join(place.cwd, 'mlflow.db.mlstow-gc.lock');
  const io = { signal: new AbortController().signal };
  const lock = await lockSideFile(side, { kind: 'exclusive' }, systemClock, io);
  onTestFinished(() => lock?.release());
  const args = ['--run-ids', id, '--metrics-file', file];
  expect((await place.gc(...args, '--skip-if-locked')).code).toBe(0);
  expect(existsSync(file)).toBe(false);
  expect((await place.gc(...args)).code).toBe(8);
  expect(await readFile(file, 'utf8')).toContain('mlstow_gc_exit_code 8\n');
});
