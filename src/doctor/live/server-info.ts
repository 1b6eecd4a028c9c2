import { readServerError } from '../../net/mlflow-errors.ts';
import { askServer } from './ask-server.ts';
import { sharedLook } from './shared-look.ts';

/** What the tracking server can do with artifacts, as far as it tells. */
export interface ServerInfo {
  /** Whether it tells of itself; servers before 3.x do not. */
  readonly told: boolean;
  /** Whether it proxies artifacts; undefined when its answer fits neither. */
  readonly serves?: boolean;
  readonly multipartUploads: boolean;
  readonly multipartDownloads: boolean;
}

/** A path that nobody has: the answer tells whether there is an artifact service, and is short. */
const NOWHERE = '/api/2.0/mlflow-artifacts/artifacts?path=.mlstow-doctor';

/** Asks what it tells of itself, and its artifact service for a listing. @throws Failure of the connection */
export const serverInfo = sharedLook(async (context, io): Promise<ServerInfo> => {
  const server = await context.server();
  const [info, listing] = await Promise.all([
    askServer(server, { path: '/api/3.0/mlflow/server-info' }, context, io),
    askServer(server, { path: NOWHERE }, context, io),
  ]);
  const said = info.status === 200 ? readServerError(info.body).fields : {};
  const serves = listing.status === 200 ? true : listing.status === 503 ? false : undefined;
  return {
    told: Object.keys(said).length > 0,
    ...(serves === undefined ? {} : { serves }),
    multipartUploads: said['multipart_uploads_enabled'] === true,
    multipartDownloads: said['multipart_downloads_enabled'] === true,
  };
});
