import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { UploadSource } from '../../../transfer/plan/upload-plan.ts';
import type { Session } from '../../../session/session.ts';
import { command, required, text } from '../../command.ts';
import {
  PLACEMENT_OPTIONS,
  SELECTION_OPTIONS,
  STORE_OPTIONS,
  TRANSFER_OPTIONS,
} from '../../global-options.ts';
import { readPath } from './artifact-path-operand.ts';
import { readResume } from './read-resume.ts';

const RUN = text('-r, --run-id <id>', 'run to log to', { setting: 'tracking.runId', completes: 'run-id' });
const UNDER = text('-a, --artifact-path <path>', 'folder of the run to log into', {
  completes: 'artifact-path',
});

function usage(message: string, hint: string): Failure {
  return new Failure({ kind: 'usage', message, hint, subject: 'command line' });
}

/** The run that the command line or MLFLOW_RUN_ID names. */
function runOf(session: Session): string {
  const runId = session.config.get('tracking.runId');
  if (runId !== undefined) return runId;
  throw usage('no run is named', 'pass -r RUN_ID, or set MLFLOW_RUN_ID');
}

/** A file where only a folder has what is asked for: its contents. */
async function refuseFile(session: Session, path: string, hint: string): Promise<void> {
  const facts = await stat(resolve(session.world.cwd, path)).catch(() => undefined);
  if (facts?.isFile()) throw usage(`${path.replace(/\/+$/, '')} is a file, not a folder`, hint);
}

/** The sources that the operands name. */
function readSources(
  session: Session,
  operands: readonly string[],
  name: string | undefined,
): readonly UploadSource[] {
  if (operands.includes('-') !== (name !== undefined)) {
    throw name === undefined
      ? usage('standard input has no name of its own', 'say what it is to be called: --name NAME')
      : usage('--name is for standard input only', 'use it with - as the path');
  }
  return operands.map((path): UploadSource => {
    if (path !== '-') return { kind: 'path', path, contentsOnly: path.endsWith('/') };
    return { kind: 'stream', name: parseArtifactPath(name ?? ''), stream: session.world.stdin };
  });
}

export const log = command({
  name: 'artifacts log',
  summary: 'Log files and folders to a run.',
  details: [
    'A file keeps its name, a folder is logged under its own name, with a trailing slash its contents are; - is standard input and needs --name. Every file is verified by checksum where the store has one, else by its size.',
    'A destination on this machine that others do not see is refused before the first byte, with exit code 3. When some files fail, the others are logged and the exit code is 4. Typed again after a kill it goes on with what is there; --resume keeps unfinished files also when it is stopped.',
    'With -q the URI written is printed: that of the one file or folder, or of the folder that several, or the contents of one, were put into.',
  ],
  examples: [
    'mlstow artifacts log model.pkl -r $RUN_ID',
    'mlstow artifacts log model -r $RUN_ID        (a folder, under its own name)',
    'mlstow artifacts log model/ -r $RUN_ID       (its contents)',
    'pg_dump db | mlstow artifacts log - --name db.sql -r $RUN_ID',
  ],
  arguments: [
    {
      name: '<paths...>',
      help: 'files and folders; a trailing slash means the contents; - is standard input',
    },
  ],
  options: {
    runId: RUN,
    artifactPath: UNDER,
    name: text('--name <name>', 'what standard input is called at the run'),
    ...PLACEMENT_OPTIONS,
    ...SELECTION_OPTIONS,
    ...TRANSFER_OPTIONS,
    ...STORE_OPTIONS,
  },
  async run(session, values, operands) {
    const { logView } = await import('./log-view.ts');
    const sources = readSources(session, operands, values.name);
    for (const path of operands.filter((each) => each.endsWith('/')))
      await refuseFile(session, path, 'leave out the slash at its end, which means the contents of a folder');
    return logView(session, values, {
      runId: runOf(session),
      under: readPath(values.artifactPath),
      sources,
      resume: readResume(values),
    });
  },
});

export const logArtifact = command({
  name: 'artifacts log-artifact',
  summary: 'Log one file to a run (as mlflow artifacts log-artifact).',
  examples: [
    'mlstow artifacts log-artifact -l model.pkl -r $RUN_ID',
    'mlstow artifacts log-artifact -l model.pkl -r $RUN_ID -a models     (models/model.pkl)',
  ],
  options: {
    localFile: required('-l, --local-file <file>', 'file to log'),
    runId: RUN,
    artifactPath: UNDER,
    ...PLACEMENT_OPTIONS,
    ...SELECTION_OPTIONS,
    ...TRANSFER_OPTIONS,
    ...STORE_OPTIONS,
  },
  async run(session, values) {
    const { logView } = await import('./log-view.ts');
    if ((await stat(resolve(session.world.cwd, values.localFile)).catch(() => undefined))?.isDirectory()) {
      throw usage(
        `${values.localFile} is a folder`,
        'log it with: mlstow artifacts log-artifacts -l FOLDER, or mlstow artifacts log FOLDER',
      );
    }
    const source: UploadSource = { kind: 'path', path: values.localFile, contentsOnly: false };
    return logView(session, values, {
      runId: runOf(session),
      under: readPath(values.artifactPath),
      sources: [source],
      resume: readResume(values),
    });
  },
});

export const logArtifacts = command({
  name: 'artifacts log-artifacts',
  summary: 'Log the contents of a folder to a run (as mlflow artifacts log-artifacts).',
  examples: [
    'mlstow artifacts log-artifacts -l out -r $RUN_ID',
    'mlstow artifacts log-artifacts -l out -r $RUN_ID -a model --exclude "*.tmp"',
  ],
  options: {
    localDir: required('-l, --local-dir <folder>', 'folder whose contents to log'),
    runId: RUN,
    artifactPath: UNDER,
    ...PLACEMENT_OPTIONS,
    ...SELECTION_OPTIONS,
    ...TRANSFER_OPTIONS,
    ...STORE_OPTIONS,
  },
  async run(session, values) {
    const { logView } = await import('./log-view.ts');
    await refuseFile(session, values.localDir, 'log it with: mlstow artifacts log-artifact -l FILE');
    const source: UploadSource = { kind: 'path', path: values.localDir, contentsOnly: true };
    return logView(session, values, {
      runId: runOf(session),
      under: readPath(values.artifactPath),
      sources: [source],
      resume: readResume(values),
    });
  },
});
