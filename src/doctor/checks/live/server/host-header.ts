import type { Check } from '../../../check.ts';
import { fail, ok } from '../../../finding.ts';
import { askServer } from '../../../live/ask-server.ts';

export const hostHeader: Check = {
  id: 'D19',
  name: 'host-header',
  area: 'server',
  title: 'The tracking server takes requests under this host name',
  explain:
    'From 3.5 on MLflow answers 403 "Invalid Host header - possible DNS rebinding attack detected" to every request whose Host header is not among its allowed hosts: by default localhost and private addresses, so a server behind a proxy or a Kubernetes service is refused under its own name. --allowed-hosts replaces the list; a port belongs to the name.',
  network: true,
  needs: ['server', 'D70'],
  async run(context, io) {
    const server = await context.server();
    const { host } = new URL(server.uri);
    const path = '/api/2.0/mlflow/experiments/search?max_results=1';
    const { status, body } = await askServer(server, { path }, context, io);
    if (status !== 403 || !/^invalid host header/i.test(body.trim()))
      return [ok(`requests for ${host} are not refused for their Host header`)];
    return [
      fail(
        `the server refuses requests for ${host} (403 ${body.trim()})`,
        `start the server with --allowed-hosts ${host}, or make the proxy before it pass on a Host header that the server allows`,
      ),
    ];
  },
};
