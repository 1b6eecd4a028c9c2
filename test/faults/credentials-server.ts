import type { Answer, Recorded } from '../testbeds/listener.ts';

/** A run that every server here knows. */
export const RUN = '0123456789abcdef0123456789abcdef';
const SERVICE = '/api/2.0/mlflow-artifacts/artifacts';
const COOKIE = 'session=cookie-never-shown';

function runJson(artifactUri: string): unknown {
  const info = {
    run_id: RUN,
    run_uuid: RUN,
    run_name: 'n',
    experiment_id: '7',
    user_id: 'ada',
    status: 'RUNNING',
    start_time: 1,
    artifact_uri: artifactUri,
    lifecycle_stage: 'active',
  };
  return { run: { info, data: { tags: [] } } };
}

function bodyFor({ method, url }: Recorded, artifactUri: string): unknown {
  if (url.startsWith('/api/2.0/mlflow/runs/')) return runJson(artifactUri);
  if (url.startsWith('/api/2.0/mlflow/experiments/')) {
    const stored = {
      experiment_id: '7',
      name: 'e',
      artifact_location: 's3://b/e',
      lifecycle_stage: 'active',
    };
    return { experiment: stored };
  }
  if (method === 'GET' && url.startsWith(`${SERVICE}?`)) {
    return { files: [{ path: 'file', is_dir: false, file_size: 5 }] };
  }
  return {};
}

/** Answers as a tracking server with one run, whose only artifact is `file`; it sets a cookie each time. */
export function asTrackingServer(artifactUri: () => string): Answer {
  return (request, response) => {
    response.setHeader('set-cookie', COOKIE);
    const isFile = request.method === 'GET' && request.url.startsWith(`${SERVICE}/`);
    if (isFile) response.end('bytes');
    else
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(bodyFor(request, artifactUri())));
  };
}

/** Answers with a redirect to the same path at another server where `when` says so, else as `otherwise`. */
export function redirecting(
  to: () => string,
  status: number,
  when: (request: Recorded) => boolean,
  otherwise: Answer,
): Answer {
  return (request, response) => {
    if (!when(request)) {
      otherwise(request, response);
      return;
    }
    response.setHeader('set-cookie', COOKIE);
    response.writeHead(status, { location: `${to()}${request.url}` }).end();
  };
}

export const isArtifact = ({ url }: Recorded): boolean => url.startsWith(SERVICE);
export const isApi = (request: Recorded): boolean => !isArtifact(request);

/** Everything that a listener got, as one text. */
export function everythingOf(requests: readonly Recorded[]): string {
  return requests
    .map(
      ({ method, url, headers, body }) =>
        `${method} ${url}\n${JSON.stringify(headers)}\n${body.toString('latin1')}`,
    )
    .join('\n\n');
}
