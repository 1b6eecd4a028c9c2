import { lookup } from 'node:dns/promises';
import type { Check } from '../../../check.ts';
import { ok, skip, warn, type Finding } from '../../../finding.ts';
import { askServer } from '../../../live/ask-server.ts';
import { findServerProcess } from '../../../settings/server-process.ts';
import { isInner } from '../../../settings/inner-host.ts';

/** One experiment, which a server that wants a login gives to nobody without one. */
const QUESTION = { path: '/api/2.0/mlflow/experiments/search?max_results=1' };
const ANYBODY =
  'it asks nobody for credentials: whoever reaches it may read and delete experiments and artifacts';
const REMEDY =
  'start the server with --app-name basic-auth, or let it listen on --host 127.0.0.1 alone, behind a proxy that asks for a login';

/** Whether a host is in no private network; one that cannot be looked up here is taken for one that is. */
async function isPublic(host: string): Promise<boolean> {
  if (isInner(host)) return false;
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.some(({ address }) => !isInner(address));
}

async function judge(host: string, listens: string | undefined): Promise<Finding> {
  if (listens === '0.0.0.0' || listens === '::')
    return warn(
      `the server listens on every address of this machine (--host ${listens}), and ${ANYBODY}`,
      REMEDY,
    );
  if (await isPublic(host)) return warn(`${host} has a public address, and ${ANYBODY}`, REMEDY);
  return ok(`it asks nobody for credentials, and ${host} is of this network`);
}

export const openServer: Check = {
  id: 'D29',
  name: 'open-server',
  area: 'server',
  title: 'Not everybody can delete what the tracking server keeps',
  explain:
    'A stock MLflow server asks nobody for a login: whoever reaches its port may read, change and delete experiments and the artifacts that it proxies. One experiment is asked for without any credentials. An answer is told as a warning where the server has a public address, or listens on every address of this machine (--host 0.0.0.0, seen in the flags of its process); within a private network it is a choice. Start it with --app-name basic-auth, or behind a proxy that asks for a login.',
  network: true,
  needs: ['server', 'D70', 'D19'],
  async run(context, io) {
    const server = await context.server();
    const anonymous = { ...server, authorizer: { ...server.authorizer, authorize: async () => ({}) } };
    const { status } = await askServer(anonymous, QUESTION, context, io);
    if (status === 401 || status === 403) return [ok('it wants a login')];
    if (status !== 200) return [skip(`it answers ${status} to somebody without credentials`)];
    const { hostname } = new URL(server.uri);
    return [await judge(hostname.replace(/^\[|\]$/g, ''), (await findServerProcess(server.uri))?.host)];
  },
};
