import type { Check } from '../../../check.ts';
import { fail, ok, type Finding } from '../../../finding.ts';
import { serverInfo, type ServerInfo } from '../../../live/server-info.ts';

function describe({ told, serves, multipartUploads, multipartDownloads }: ServerInfo): string {
  const proxied = serves === false ? 'it does not proxy artifacts' : 'it proxies artifacts';
  if (serves === undefined) return 'it does not say whether it proxies artifacts';
  if (!told) return `${proxied} and tells nothing of uploads in parts`;
  const parts = [
    `uploads in parts ${multipartUploads ? 'on' : 'off'}`,
    `downloads by presigned URL ${multipartDownloads ? 'on' : 'off'}`,
  ];
  return `${proxied}; ${parts.join(', ')}`;
}

export const artifactService: Check = {
  id: 'D73',
  name: 'artifact-service',
  area: 'server',
  title: 'The tracking server proxies the artifacts that experiments expect it to',
  explain:
    'Experiments with a location mlflow-artifacts:/ are written through the tracking server. One that was restarted with --no-serve-artifacts answers 503 to every upload and download of theirs, although runs and metrics go on. The check also shows whether large files may go past the server in parts (MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD on the server).',
  network: true,
  needs: ['server', 'D71', 'experiments'],
  async run(context, io): Promise<readonly Finding[]> {
    const info = await serverInfo(context, io);
    const proxied = (await context.experiments()).filter(({ artifactLocation }) =>
      artifactLocation.startsWith('mlflow-artifacts:/'),
    );
    const [first] = proxied;
    if (info.serves !== false || first === undefined) return [ok(describe(info))];
    const more = proxied.length === 1 ? '' : ` and ${proxied.length - 1} more`;
    return [
      fail(
        `the server does not proxy artifacts, and experiment ${first.experimentId} (${first.name})${more} has its artifacts behind it`,
        'start the server with --serve-artifacts and --artifacts-destination, where the artifacts are',
      ),
    ];
  },
};
