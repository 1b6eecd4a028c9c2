import type { Io } from '../../core/io.ts';
import { readServerError } from '../../net/mlflow-errors.ts';
import type { Context } from '../context.ts';
import { askServer } from './ask-server.ts';

/** What the server says of an artifact of a run when it uses its own credentials and drivers. */
export type Seen =
  | { readonly saw: 'bytes'; readonly body: string }
  /** `absent`: it looked, and nothing is there; `blind`: it cannot look. */
  | { readonly saw: 'absent' | 'blind'; readonly said: string };

function queryOf(runId: string, path: string): string {
  return new URLSearchParams({ run_uuid: runId, run_id: runId, path }).toString();
}

/** Reads an artifact as MLflow's web pages do: the server fetches it from wherever the run's artifacts are. */
export async function readAsServer(context: Context, runId: string, path: string, io: Io): Promise<Seen> {
  const question = { path: `/get-artifact?${queryOf(runId, path)}` };
  const { status, body } = await askServer(await context.server(), question, context, io);
  if (status === 200) return { saw: 'bytes', body };
  return { saw: status < 500 ? 'absent' : 'blind', said: saidBy(status, body) };
}

/** MLflow answers 500 with a web page, and not with a reason, where a driver is missing or a store lets nobody in. */
function saidBy(status: number, body: string): string {
  const said = readServerError(body).text;
  return said.startsWith(String(status)) ? said : `${status} ${said}`.trim();
}

/** Lets the server write an artifact to wherever the run's artifacts are. @returns whether it did; why not is its own matter */
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
  return (await askServer(await context.server(), question, context, io)).status === 200;
}
