import { decodeOnce, encodePath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';

const MARKER = /^(.*)\/((?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts)(?:\/(.*))?$/;

/** Where a server's artifacts are, and one root among them. */
export interface ProxyAddress {
  /** Origin and path of the server, without a slash at the end. */
  readonly server: string;
  /** The server's artifact service; listings are asked of it. */
  readonly service: string;
  /** The root's path at the service, decoded; empty for the service's own root. */
  readonly root: string;
}

/**
 * Takes the address of a repository apart. Its path is decoded once, so that each segment is encoded exactly once again.
 * @throws Failure unsupported when the address is not one of MLflow's artifact service
 */
export function parseProxyAddress(url: URL, label: string): ProxyAddress {
  const [, before, service, after = ''] = MARKER.exec(url.pathname) ?? [];
  if (before === undefined || service === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: `${label} is not served by an MLflow server`,
      subject: label,
      hint: 'an http(s) artifact URI is http://HOST/api/2.0/mlflow-artifacts/artifacts/PATH',
    });
  }
  const server = `${url.origin}${before}`;
  return { server, service: `${server}/${service}`, root: decodeOnce(after).replace(/\/+$/, '') };
}

/** A path's place at the service, decoded: the root and the path. */
export function placeOf({ root }: ProxyAddress, path: Under): string {
  if (path === '') return root;
  return root === '' ? path : `${root}/${path}`;
}

/** Where one object is read, written and removed. */
export function objectUrl(address: ProxyAddress, path: Under): URL {
  return new URL(`${address.service}/${encodePath(placeOf(address, path) as Under)}`);
}

/** Where a directory's entries are asked; `place` as `placeOf` gives it. */
export function listUrl({ service }: ProxyAddress, place: string): URL {
  return new URL(place === '' ? service : `${service}?path=${encodeURIComponent(place)}`);
}

/** Where an upload in parts is begun, finished or given up; `directory` is a place as `placeOf` gives it, not empty. */
export function partsUrl(
  { service }: ProxyAddress,
  act: 'create' | 'complete' | 'abort',
  directory: string,
): URL {
  return new URL(`${parentOf(service)}/mpu/${act}/${encodePath(directory as Under)}`);
}

/** Where the server signs a URL from which the store itself gives an object. */
export function presignedUrl(address: ProxyAddress, path: Under): URL {
  return new URL(`${parentOf(address.service)}/presigned/${encodePath(placeOf(address, path) as Under)}`);
}

function parentOf(service: string): string {
  return service.slice(0, service.lastIndexOf('/'));
}

/** Where the server tells what it can do. */
export function serverInfoUrl({ server }: ProxyAddress): URL {
  return new URL(`${server}/api/3.0/mlflow/server-info`);
}
