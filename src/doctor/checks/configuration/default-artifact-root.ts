import { isAbsolute } from 'node:path';
import { basename } from 'node:path/posix';
import { Failure } from '../../../core/failure.ts';
import { parseLocation, type Location } from '../../../core/location.ts';
import { redactUri } from '../../../core/redact.ts';
import { isBelowFolder } from '../../../resolver/local-paths.ts';
import type { Experiment } from '../../../tracking/entities.ts';
import type { Check } from '../../check.ts';
import type { Context } from '../../context.ts';
import { fail, ok, skip, warn, type Finding } from '../../finding.ts';
import { rootOf } from '../../roots.ts';
import { given } from '../../settings/given.ts';
import { impermanence } from '../../settings/impermanence.ts';
import { findServerProcess, type ServerProcess } from '../../settings/server-process.ts';

/** Where experiments without a location of their own go, and what tells so. */
interface Evidence {
  readonly uri: string;
  readonly by: string;
  readonly destination?: string;
  /** The server's process on this machine. */
  readonly pid?: string;
}

const CREATE = 'mlstow experiments create -n NAME';
const MOVE =
  'mount a disk that stays, and restart the server with --artifacts-destination and a path there, or with the URI of a store, such as s3://BUCKET/PATH; move what is there first';
const SERVE =
  'restart the server with --artifacts-destination s3://BUCKET/PATH and without --default-artifact-root and --no-serve-artifacts';

function ofProcess(found: ServerProcess): Evidence {
  const by = `the flags of the server, process ${found.pid} on this machine`;
  const {
    defaultArtifactRoot: root,
    artifactsDestination: destination = './mlartifacts',
    servesArtifacts,
  } = found;
  if (root !== undefined) return { uri: root, by };
  if (!servesArtifacts)
    return { uri: './mlruns', by: `${by}: no --default-artifact-root, and --no-serve-artifacts` };
  return { uri: 'mlflow-artifacts:/', by, destination, pid: found.pid };
}

function named(experiment: Experiment, which: string): Evidence {
  const { experimentId, name } = experiment;
  return { uri: rootOf(experiment), by: `experiment ${experimentId} (${name}), ${which}` };
}

/** What a server chose last; a location chosen by hand says nothing of it. */
function ofExperiments(experiments: readonly Experiment[], byServer: boolean): Evidence | undefined {
  const chosen = (each: Experiment): boolean =>
    !byServer || basename(each.artifactLocation.replace(/\/+$/, '')) === each.experimentId;
  const newest = experiments.find((each) => each.experimentId !== '0' && chosen(each));
  if (newest)
    return named(newest, byServer ? 'the newest whose location the server chose' : 'the newest one');
  const first = experiments.find(({ experimentId }) => experimentId === '0');
  return first ? named(first, 'which every server makes first') : undefined;
}

function parsed(uri: string): Location | undefined {
  try {
    return parseLocation(uri);
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}

async function evidenceOf(context: Context, byServer: boolean): Promise<Evidence | undefined> {
  const found = byServer ? await findServerProcess(await context.trackingUri()) : undefined;
  return found ? ofProcess(found) : ofExperiments(await context.experiments(), byServer);
}

function judgeLocal(location: Location, { by }: Evidence, context: Context, byServer: boolean): Finding {
  const shared = given(context.config, 'artifacts.sharedPaths')?.value ?? [];
  const told = `new experiments go to ${location.redacted} on whichever machine writes (told by ${by})`;
  if (isAbsolute(location.path) && shared.some((folder) => isBelowFolder(location.path, folder)))
    return ok(`${told}, which is a shared path`);
  if (!byServer) {
    return fail(
      `${told}: no client of this database sets a location, and each has its own folder of that name`,
      `give new experiments a location that all machines reach: ${CREATE} -l s3://BUCKET/PATH`,
    );
  }
  return fail(
    `${told}, while the records are kept by the server: its artifact root is unset or local, and it does not serve artifacts`,
    `${SERVE}, then make a new experiment: ${CREATE}; or, where that folder is mounted on every machine, set MLSTOW_SHARED_PATHS=${isAbsolute(location.path) ? location.path : '/MOUNT'}`,
  );
}

async function judgeServed({ by, destination, pid }: Evidence, context: Context): Promise<Finding> {
  if (destination === undefined)
    return ok(`the server serves the artifacts of new experiments itself (told by ${by})`);
  const location = parsed(destination);
  const shown = redactUri(destination);
  if (location?.scheme !== 'file' || isAbsolute(location.path)) {
    const { tempDirectories } = await context.rule();
    const why =
      location?.scheme === 'file' && pid !== undefined
        ? await impermanence(location.path, pid, tempDirectories)
        : undefined;
    if (why === undefined)
      return ok(`the server serves artifacts itself and keeps them in ${shown} (told by ${by})`);
    return warn(`the server keeps artifacts in ${shown}, which ${why} (told by ${by})`, MOVE);
  }
  return warn(
    `the server keeps artifacts in ${shown}, which counts from the directory that it was started in (told by ${by})`,
    'restart the server with --artifacts-destination and an absolute path or the URI of a store, such as s3://BUCKET/PATH',
  );
}

export const defaultArtifactRoot: Check = {
  id: 'D31',
  name: 'default-artifact-root',
  area: 'configuration',
  title: 'New experiments get a location that every machine reaches',
  explain:
    "MLFLOW_TRACKING_URI says where records go, not where files go. An experiment that is made without a location gets one below the server's default artifact root; where that is unset and the server does not serve artifacts, or where clients talk to the database themselves, it is a folder of the machine that runs the task: the run is in the UI, and the model is on a disk that nobody else sees. No API tells the root. It is read from the flags of a server on this machine, else inferred from the newest experiment whose location the server chose, else from experiment 0. Where that server keeps artifacts itself, in a relative path, in memory, in a temporary directory or on the layer of its container, they go when it does. Symptoms: Permission denied: '/mlflow', or no error at all and files on the client.",
  network: true,
  needs: ['tracking', 'experiments'],
  async run(context) {
    const tracking = await context.tracking();
    if (tracking.reach === 'local')
      return [ok(`records and artifacts are on one machine (${tracking.label})`)];
    const byServer = /^https?:/i.test(await context.trackingUri());
    const evidence = await evidenceOf(context, byServer);
    if (!evidence) return [skip('there is no experiment to tell it from')];
    const location = parsed(evidence.uri);
    if (location?.scheme === 'mlflow-artifacts') return [await judgeServed(evidence, context)];
    if (location?.scheme === 'file') return [judgeLocal(location, evidence, context, byServer)];
    return [ok(`new experiments go to ${redactUri(evidence.uri)} (told by ${evidence.by})`)];
  },
};
