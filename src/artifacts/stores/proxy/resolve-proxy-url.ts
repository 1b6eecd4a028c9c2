import { Failure } from '../../../core/failure.ts';
import { type Location, parseLocation } from '../../../core/location.ts';
import { redactUri } from '../../../core/redact.ts';

const SERVICE = '/api/2.0/mlflow-artifacts/artifacts';

function notHttp(location: Location, trackingUri: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} is served by a tracking server, and the tracking URI ${redactUri(trackingUri)} is not an http(s) one`,
    subject: location.redacted,
    hint: 'set MLFLOW_TRACKING_URI to the server, such as http://HOST:5000',
    settings: ['tracking.uri'],
  });
}

/**
 * The address of the artifacts behind a `mlflow-artifacts:` location: the tracking server's, or that of the host which
 * the location names, always by the tracking server's scheme and below its path; without a slash at the end, without
 * user name, password, query and fragment (credentials come from the Authorizer). An `http(s)` location is its own
 * address.
 *
 * As `MlflowArtifactsRepository.resolve_uri` of MLflow, but for one defect: for `mlflow-artifacts:/` alone, and for a
 * location that repeats the service path, MLflow forgets the path of the tracking URI and asks an address where a
 * server below that path cannot be.
 * @throws Failure misconfigured when the tracking URI is not an http(s) one; invalid when the artifact URI is malformed
 */
export function resolveProxyUrl(artifactUri: Location | string, trackingUri: string): URL {
  const location = typeof artifactUri === 'string' ? parseLocation(artifactUri) : artifactUri;
  const { scheme, authority } = location;
  if (scheme === 'http' || scheme === 'https') return plain(`${scheme}://${authority}`, location.path);
  const tracking = URL.canParse(trackingUri) ? new URL(trackingUri) : undefined;
  if (scheme !== 'mlflow-artifacts' || !tracking || !/^https?:$/.test(tracking.protocol)) {
    throw notHttp(location, trackingUri);
  }
  const own = `/${location.path}`;
  const path = own === SERVICE ? '' : own;
  return plain(
    `${tracking.protocol}//${authority === '' ? tracking.host : authority}`,
    `${tracking.pathname}/${SERVICE}/${path}`.replace(/\/{2,}/g, '/'),
  );
}

function plain(origin: string, path: string): URL {
  const url = new URL(origin);
  url.username = '';
  url.password = '';
  url.pathname = path.replace(/\/+$/, '');
  return url;
}
