import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { readServerError } from '../../net/mlflow-errors.ts';
import type { Context } from '../context.ts';
import { askServer } from './ask-server.ts';

/** What the server says of an artifact of a run when it uses its own credentials and drivers. */
export type Seen =
  { readonly saw: 'bytes'; readonly body: string } | { readonly saw: 'nothing'; readonly said: string };

function queryOf(runId: string, path: string): string {
  return new URLSearchParams({ run_uuid: runId, run_id: runId, path }).toString();
}

/** Reads an artifact as MLflow's web pages do: the server fetches it from wherever the run's artifacts are. */
export async function readAsServer(context: Context, runId: string, path: string, io: Io): Promise<Seen> {
  const question = { path: `/get-artifact?${queryOf(runId, path)}` };
  const { status, body } = await askServer(await context.server(), question, context, io);
  if (status === 200) return { saw: 'bytes', body };
  return { saw: 'nothing', said: `${status} ${readServerError(body).text}`.trim() };
}

/**
 * Lets the server write an artifact to wherever the run's artifacts are; undefined where it has no such service.
 * @throws Failure unavailable: it has, and cannot
 */
export async function writeAsServer(
  context: Context,
  runId: string,
  path: string,
  bytes: Uint8Array,
  io: Io,
): Promise<boolean> {
  const question = {
    method: 'POST' as const,
    path: `/ajax-api/2.0/mlflow/upload-artifact?${queryOf(runId, path)}`,
    body: bytes,
  };
  const { status, body } = await askServer(await context.server(), question, context, io);
  if (status === 200) return true;
  if (status === 404 || status === 405) return false;
  const said = readServerError(body).text;
  throw new Failure({
    kind: 'unavailable',
    message: `the server cannot write an artifact of run ${runId}: ${status} ${said}`,
    subject: runId,
  });
}

/** Whether an answer means that the server has no driver for that store, or refuses to use it: no fault of the client. */
export function lacksDriver(said: string): boolean {
  return /no module named|not installed|pip install|unable to import|could not find a registered artifact repository|not allowed|host-addressed|is not supported|libhdfs|libjvm|hadoop|unable to load/i.test(
    said,
  );
}
