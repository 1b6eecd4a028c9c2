import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { doctorPlace, examine, type Environment, type Told } from '../../cli/doctor/doctor-place.ts';
import { startKdc, type KdcBed } from '../../testbeds/krb5.ts';
import { runCommand } from '../../testbeds/run-command.ts';

let kdc: KdcBed;

beforeAll(async () => {
  kdc = await startKdc();
});

afterAll(async () => kdc.stop());

async function ticket(cache: string, more: Environment = {}): Promise<Told | undefined> {
  const env = { MLFLOW_KERBEROS_TICKET_CACHE: cache, ...more };
  const { items } = await examine(await doctorPlace(), env, ['--only', 'D41']);
  return items[0];
}

/** Types what a remedy says: `kinit -c CACHE PRINCIPAL`. */
async function follow(remedy: string | undefined): Promise<void> {
  const [, cache, principal = ''] = /^type kinit -c (\S+) (\S+)$/.exec(remedy ?? '') ?? [];
  expect(remedy).toContain('kinit -c');
  await kdc.kinit(principal, '1h', cache);
}

const isValid = async (cache: string): Promise<boolean> =>
  (await runCommand('klist', ['-s', '-c', cache], { env: process.env })).code === 0;

test('no ticket, then one', async () => {
  const { home } = await doctorPlace();
  const cache = `FILE:${join(home, 'cache')}`;
  const principal = `ada@${kdc.realm}`;
  const told = await ticket(cache, { MLFLOW_KERBEROS_USER: principal });
  expect(told).toMatchObject({ level: 'fail', evidence: `there is no Kerberos ticket in ${cache}` });
  await follow(told?.remedy);
  expect(await ticket(cache, { MLFLOW_KERBEROS_USER: principal })).toMatchObject({ level: 'ok' });
});

test('a ticket that has expired', async () => {
  const cache = await kdc.kinit('brief', '1s');
  await vi.waitUntil(async () => !(await isValid(cache)), { timeout: 20_000, interval: 200 });
  const told = await ticket(cache);
  expect(told).toMatchObject({ level: 'fail' });
  expect(told?.evidence).toBe(`the Kerberos ticket of brief@${kdc.realm} in ${cache} has expired`);
  await follow(told?.remedy);
  expect(await ticket(cache)).toMatchObject({ level: 'ok' });
});

test('the ticket of somebody else', async () => {
  const cache = await kdc.kinit('eve');
  const asked = { MLFLOW_KERBEROS_USER: `ada@${kdc.realm}` };
  const told = await ticket(cache, asked);
  expect(told).toMatchObject({ level: 'fail' });
  expect(told?.evidence).toContain(`holds the ticket of eve@${kdc.realm}, not of ada@${kdc.realm}`);
  await follow(told?.remedy);
  expect(await ticket(cache, asked)).toMatchObject({ level: 'ok' });
});
