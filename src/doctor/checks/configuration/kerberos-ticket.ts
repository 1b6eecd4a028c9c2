import { join } from 'node:path';
import type { Config } from '../../../config/resolve.ts';
import type { Check } from '../../check.ts';
import { fail, ok, skip, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';

/** Whether somebody says that Hadoop is asked with Kerberos; KRB5CCNAME alone is any workstation's. */
async function isUsed(config: Config): Promise<boolean> {
  if (given(config, 'hdfs.kerberosUser')) return true;
  if (given(config, 'hdfs.kerberosTicketCache')?.origin.name === 'MLFLOW_KERBEROS_TICKET_CACHE') return true;
  const home = given(config, 'hdfs.home')?.value;
  const folder =
    given(config, 'hdfs.confDir')?.value ?? (home === undefined ? undefined : join(home, 'etc', 'hadoop'));
  if (folder === undefined) return false;
  const { readConfiguration } = await import('../../../artifacts/stores/hdfs/configuration.ts');
  const configuration = await readConfiguration(folder, config.get('hdfs.extraConf'));
  return configuration.get('hadoop.security.authentication')?.toLowerCase() === 'kerberos';
}

async function look(config: Config): Promise<Finding> {
  if (given(config, 'hdfs.delegationToken')) return ok('a delegation token is used');
  const { isAnother } = await import('../../../artifacts/stores/hdfs/no-ticket.ts');
  const { readTicket } = await import('../../../artifacts/stores/hdfs/ticket.ts');
  const principal = given(config, 'hdfs.kerberosUser')?.value;
  const cacheName = given(config, 'hdfs.kerberosTicketCache')?.value;
  const { state, principal: found, cache } = await readTicket(cacheName);
  const into = cacheName === undefined ? '' : ` -c ${cacheName}`;
  const renew = `type kinit${into} ${principal ?? found ?? 'USER@REALM'}`;
  if (state === 'unknown') return skip('klist is not installed, so the ticket cannot be looked at');
  if (isAnother(principal, found))
    return fail(`${cache} holds the ticket of ${found ?? ''}, not of ${principal ?? ''}`, renew);
  if (state === 'missing') return fail(`there is no Kerberos ticket in ${cache}`, renew);
  if (state === 'expired')
    return fail(`the Kerberos ticket of ${found ?? 'its principal'} in ${cache} has expired`, renew);
  return ok(`${cache} holds a ticket of ${found ?? 'its principal'} that has not expired`);
}

export const kerberosTicket: Check = {
  id: 'D41',
  name: 'kerberos-ticket',
  area: 'configuration',
  title: 'The Kerberos ticket for Hadoop is there and has not expired',
  explain:
    'A cluster with hadoop.security.authentication=kerberos takes only who holds a ticket: in MLFLOW_KERBEROS_TICKET_CACHE, else in the default cache. Tickets live for hours; a scheduled job needs one that is renewed (kinit from a keytab before the task). MLFLOW_KERBEROS_USER names the principal to act as, which must be the one in the cache. Symptoms: GSS initiate failed, no valid credentials provided.',
  network: false,
  needs: [],
  async run({ config }) {
    if (!(await isUsed(config))) return [ok('Hadoop is not used with Kerberos, as far as the settings say')];
    return [await look(config)];
  },
};
